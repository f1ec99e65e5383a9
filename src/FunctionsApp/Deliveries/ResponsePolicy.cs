using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;

namespace EventSubscriptions.Deliveries;

/// <summary>What an answer means.</summary>
public static class ResponsePolicy
{
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

        if (error.Kind == ErrorKind.Forbidden)
        {
            return new DeliveryDecision.DeadLetter(DeliveryDeadLetterReason.DestinationForbidden, error.Detail, error);
        }

        return schedule.WaitAfter(attempt, random) is { } wait
            ? new DeliveryDecision.Retry(now + wait, error)
            : new DeliveryDecision.DeadLetter(
                DeliveryDeadLetterReason.RetriesExhausted,
                string.Create(CultureInfo.InvariantCulture, $"Attempt {attempt}, the last, failed ({error.Kind}): {error.Detail}"),
                error);
    }

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
