using EventSubscriptions.Deliveries.Outcome;

namespace EventSubscriptions.Deliveries.Log;

/// <summary>One attempt at a delivery, as the log keeps and shows it.</summary>
public record DeliveryAttempt
{
    public required string EventId { get; init; }

    public required string EventName { get; init; }

    /// <summary>From 1.</summary>
    public required int Attempt { get; init; }

    /// <summary><see cref="DeliveryMessage.EventRun"/>, <see cref="DeliveryMessage.TestRun"/>, or the id of a resend or a replay.</summary>
    public required string Run { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>When it ended, which the log is in the order of.</summary>
    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>One of <see cref="DeliveryOutcome"/>.</summary>
    public required string Outcome { get; init; }

    public int? StatusCode { get; init; }

    public long DurationMs => (long)(EndedAt - At).TotalMilliseconds;

    public DeliveryError? Error { get; init; }

    /// <summary>At most the first 1 KiB of the answer, with secrets cut out.</summary>
    public string? ResponseSnippet { get; init; }

    /// <summary>Null where none follows.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }
}
