using System.Globalization;
using EventSubscriptions.Destinations;
using EventSubscriptions.Queues;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>Decides what a response means.</summary>
public static class ResponsePolicy
{
    /// <summary>The longest cooldown of a subscription whose receiver is overloaded and doesn't say for how long.</summary>
    public static readonly TimeSpan MaxCooldown = TimeSpan.FromMinutes(5);

    /// <summary>Decides what follows from a result. A pure function.</summary>
    /// <param name="result">The raw result.</param>
    /// <param name="attempt">The number of the attempt, from 1.</param>
    /// <param name="schedule">The retry schedule.</param>
    /// <param name="now">The end of the attempt, from which delays count.</param>
    /// <param name="random">The source of the jitter.</param>
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

        // An incomplete response says nothing else.
        var status = result.Error is null ? result.StatusCode : null;
        if (status == StatusCodes.Status410Gone)
        {
            return new DeliveryDecision.Gone(error);
        }

        var requested = status is 429 or 503 ? RetryAfter.Parse(result.RetryAfter, now) : null;
        var wait = schedule.WaitAfter(attempt, random);
        var decision = wait is { } pause
            ? (DeliveryDecision)new DeliveryDecision.Retry(requested > now + pause ? requested.Value : now + pause, error)
            : Exhausted(attempt, error);
        return requested is not null || status is 429 or 502 or 504
            ? decision with
            {
                Outcome = DeliveryOutcome.Throttled,
                CooldownUntil = Cooldown(requested, wait, now),
            }
            : decision;
    }

    /// <summary>Decides again after a 410 from a receiver that is no longer the subscription's: the next attempt follows at once.</summary>
    public static DeliveryDecision DecideAnew(DeliveryDecision.Gone gone, int attempt, RetrySchedule schedule, DateTimeOffset now)
    {
        var error = gone.Why with
        {
            Detail =
                $"{gone.Why.Detail} The request used the URL, credentials and headers that the subscription had before it was changed.",
        };
        return schedule.IsLast(attempt) ? Exhausted(attempt, error) : new DeliveryDecision.Retry(now, error);
    }

    /// <summary>The cooldown of the subscription: as requested by the receiver, else until the next attempt.</summary>
    private static DateTimeOffset? Cooldown(DateTimeOffset? requested, TimeSpan? wait, DateTimeOffset now)
    {
        var until = requested ?? now + (wait < MaxCooldown ? wait.Value : MaxCooldown);
        return until > now ? until : null;
    }

    private static DeliveryDecision.DeadLetter Exhausted(int attempt, DeliveryError error) =>
        new(
            DeadLetterReason.RetriesExhausted,
            string.Create(CultureInfo.InvariantCulture, $"Attempt {attempt}, the last, failed ({error.Kind.ToName()}): {error.Detail}"),
            error
        );

    /// <summary>Why a result is a failure; null for a complete 2xx response.</summary>
    private static DeliveryError? Judge(DeliveryResult result) =>
        result switch
        {
            { Error: { } error } => error,
            { StatusCode: >= 200 and < 300 } => null,
            { StatusCode: >= 300 and < 400 and var status, Location: { } location } => new(
                ErrorKind.Redirect,
                $"The receiver returned {Name(status)} and points to {location}"
            ),
            { StatusCode: >= 300 and < 400 and var status } => new(
                ErrorKind.Redirect,
                $"The receiver returned {Name(status)} without a location."
            ),
            _ => new(ErrorKind.Status, $"The receiver returned {Name(result.StatusCode)}."),
        };

    private static string Name(int? status) =>
        string.Create(CultureInfo.InvariantCulture, $"{status} {ReasonPhrases.GetReasonPhrase(status ?? 0)}").TrimEnd();
}
