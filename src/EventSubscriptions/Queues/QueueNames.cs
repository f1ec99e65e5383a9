namespace EventSubscriptions.Queues;

/// <summary>The queues. <c>infra/servicebus.json</c> declares them.</summary>
public static class QueueNames
{
    public const string Events = "events";
    public const string FanOut = "fanout";
    public const string Deliveries = "deliveries";
    public const string Replays = "replays";

    private const string DeadLetters = "/$DeadLetterQueue";

    /// <summary>What <see cref="Events"/> gave up.</summary>
    public const string EventDeadLetters = Events + DeadLetters;

    /// <summary>What <see cref="FanOut"/> gave up.</summary>
    public const string FanOutDeadLetters = FanOut + DeadLetters;

    /// <summary>What <see cref="Deliveries"/> gave up.</summary>
    public const string DeliveryDeadLetters = Deliveries + DeadLetters;

    /// <summary>What <see cref="Replays"/> gave up.</summary>
    public const string ReplayDeadLetters = Replays + DeadLetters;
}
