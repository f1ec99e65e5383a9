using EventSubscriptions.Queues;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>What follows from the result of an attempt.</summary>
public abstract record DeliveryDecision
{
    private DeliveryDecision(DeliveryOutcome outcome, DeliveryError? error) => (Outcome, Error) = (outcome, error);

    public DeliveryOutcome Outcome { get; init; }

    /// <summary>Why the attempt failed, or null.</summary>
    public DeliveryError? Error { get; }

    /// <summary>Until when nothing should be sent to the subscription (its cooldown), or null.</summary>
    public DateTimeOffset? CooldownUntil { get; init; }

    /// <summary>The receiver accepted the event.</summary>
    public sealed record Delivered() : DeliveryDecision(DeliveryOutcome.Delivered, error: null);

    /// <summary>The attempt failed; the next one is scheduled.</summary>
    public sealed record Retry(DateTimeOffset At, DeliveryError Why) : DeliveryDecision(DeliveryOutcome.Failed, Why);

    /// <summary>410: no further attempts, and the subscription is deactivated.</summary>
    public sealed record Gone(DeliveryError Why) : DeliveryDecision(DeliveryOutcome.Gone, Why);

    /// <summary>It has not arrived and is given up.</summary>
    public sealed record DeadLetter(DeadLetterReason Reason, string Description, DeliveryError Why)
        : DeliveryDecision(DeliveryOutcome.Failed, Why);
}
