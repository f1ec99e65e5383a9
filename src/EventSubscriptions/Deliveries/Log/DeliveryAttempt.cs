using EventSubscriptions.Deliveries.Outcome;

namespace EventSubscriptions.Deliveries.Log;

/// <summary>An attempt at a delivery, as it is logged and shown.</summary>
public record DeliveryAttempt
{
    public required string EventId { get; init; }

    public required string EventName { get; init; }

    /// <summary>From 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>A <see cref="DeliveryRun"/>.</summary>
    public required string Run { get; init; }

    /// <summary>When it started.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>When it ended. The log is ordered by it.</summary>
    public required DateTimeOffset EndedAt { get; init; }

    public required DeliveryOutcome Outcome { get; init; }

    public int? StatusCode { get; init; }

    public long DurationMs => (long)(EndedAt - At).TotalMilliseconds;

    public DeliveryError? Error { get; init; }

    /// <summary>At most the first 1 KiB of the response, with secrets removed.</summary>
    public string? ResponseSnippet { get; init; }

    /// <summary>Null if no attempt follows.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }
}
