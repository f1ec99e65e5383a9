using System.Globalization;
using EventSubscriptions.Destinations;
using EventSubscriptions.Queues;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>What an answer means.</summary>
public static class ResponsePolicy
{
    /// <summary>The longest rest of a subscription whose receiver is overloaded and doesn't say for how long.</summary>
    public static readonly TimeSpan MaxRest = TimeSpan.FromMinutes(5);

    /// <summary>Decides what follows from a result. Depends on nothing but its arguments.</summary>
    /// <param name="result">What came back.</param>
    /// <param name="attempt">Which attempt it was, from 1.</param>
    /// <param name="schedule">When to try again.</param>
    /// <param name="now">The end of the attempt, from which waits count.</param>
    /// <param name="random">Varies the waits.</param>
    public static DeliveryDecision Decide(DeliveryResult result, int attempt, RetrySchedule schedule, DateTimeOffset now, Random random)
    {
        if (Judge(result) is not { } error)
        {
            return new DeliveryDecision.Delivered();
        }

        if (result.IsUrlForbidden)
        {
            return new DeliveryDecision.DeadLetter(DeadLetterReason.DestinationForbidden, error.Detail, error);
        }

        // An answer that broke off says nothing but that.
        var status = result.Error is null ? result.StatusCode : null;
        if (status == StatusCodes.Status410Gone)
        {
            return new DeliveryDecision.Gone(error);
        }

        var asked = status is 429 or 503 ? RetryAfter.Parse(result.RetryAfter, now) : null;
        var wait = schedule.WaitAfter(attempt, random);
        var decision = wait is { } pause
            ? (DeliveryDecision)new DeliveryDecision.Retry(asked > now + pause ? asked.Value : now + pause, error)
            : Exhausted(attempt, error);
        return asked is not null || status is 429 or 502 or 504
            ? decision with { Outcome = DeliveryOutcome.Throttled, RestUntil = Rest(asked, wait, now) }
            : decision;
    }

    /// <summary>Decides anew about a receiver that is gone but is no longer the subscription's: the next attempt follows at once.</summary>
    /// <param name="gone">The decision that doesn't hold.</param>
    /// <param name="attempt">Which attempt it was, from 1.</param>
    /// <param name="schedule">How many attempts there are.</param>
    /// <param name="now">The end of the attempt.</param>
    public static DeliveryDecision DecideAnew(DeliveryDecision.Gone gone, int attempt, RetrySchedule schedule, DateTimeOffset now)
    {
        var error = gone.Why with { Detail = $"{gone.Why.Detail} It was asked by the URL and token that the subscription had before it was changed." };
        return schedule.IsLast(attempt) ? Exhausted(attempt, error) : new DeliveryDecision.Retry(now, error);
    }

    /// <summary>How long the subscription rests: as long as was asked for, else as long as the next attempt waits.</summary>
    private static DateTimeOffset? Rest(DateTimeOffset? asked, TimeSpan? wait, DateTimeOffset now)
    {
        var until = asked ?? now + (wait < MaxRest ? wait.Value : MaxRest);
        return until > now ? until : null;
    }

    private static DeliveryDecision.DeadLetter Exhausted(int attempt, DeliveryError error) => new(
        DeadLetterReason.RetriesExhausted,
        string.Create(CultureInfo.InvariantCulture, $"Attempt {attempt}, the last, failed ({error.Kind}): {error.Detail}"),
        error);

    /// <summary>What is wrong with a result, or null where it is a 2xx that came whole.</summary>
    private static DeliveryError? Judge(DeliveryResult result) => result switch
    {
        { Error: { } error } => error,
        { StatusCode: >= 200 and < 300 } => null,
        { StatusCode: >= 300 and < 400 and var status, Location: { } location } =>
            new(ErrorKind.Redirect, $"The receiver answered {Name(status)} and points to {location}"),
        { StatusCode: >= 300 and < 400 and var status } =>
            new(ErrorKind.Redirect, $"The receiver answered {Name(status)} and names no location."),
        _ => new(ErrorKind.Status, $"The receiver answered {Name(result.StatusCode)}."),
    };

    private static string Name(int? status) =>
        string.Create(CultureInfo.InvariantCulture, $"{status} {ReasonPhrases.GetReasonPhrase(status ?? 0)}").TrimEnd();
}
