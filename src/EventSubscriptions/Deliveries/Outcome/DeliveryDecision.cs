using EventSubscriptions.Queues;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>What follows from the result of an attempt.</summary>
public abstract record DeliveryDecision
{
    private DeliveryDecision(string outcome, DeliveryError? error) => (Outcome, Error) = (outcome, error);

    /// <summary>One of <see cref="DeliveryOutcome"/>, for the log.</summary>
    public string Outcome { get; init; }

    /// <summary>What went wrong, or null.</summary>
    public DeliveryError? Error { get; }

    /// <summary>Until when nothing should be sent to the subscription, since its receiver asks for a rest; or null.</summary>
    public DateTimeOffset? RestUntil { get; init; }

    /// <summary>It has arrived.</summary>
    public sealed record Delivered() : DeliveryDecision(DeliveryOutcome.Delivered, error: null);

    /// <summary>It has not arrived; the next attempt is at a time.</summary>
    public sealed record Retry(DateTimeOffset At, DeliveryError Why) : DeliveryDecision(DeliveryOutcome.Failed, Why);

    /// <summary>The receiver wants nothing any more: no further attempt, and the subscription is to be deactivated.</summary>
    public sealed record Gone(DeliveryError Why) : DeliveryDecision(DeliveryOutcome.Gone, Why);

    /// <summary>It has not arrived and is given up.</summary>
    public sealed record DeadLetter(DeadLetterReason Reason, string Description, DeliveryError Why) : DeliveryDecision(DeliveryOutcome.Failed, Why);
}
