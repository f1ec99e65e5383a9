namespace EventSubscriptions.Queues;

/// <summary>
/// The queues. <c>infra/servicebus.json</c> declares them for Azure and the local host, and <c>infra/emulator.json</c> for Microsoft's
/// emulator.
/// </summary>
public static class QueueNames
{
    public const string Events = "events";
    public const string FanOut = "fanout";
    public const string Deliveries = "deliveries";
    public const string Replays = "replays";

    private const string DeadLetters = "/$DeadLetterQueue";

    /// <summary>The dead letters of <see cref="Events"/>.</summary>
    public const string EventDeadLetters = Events + DeadLetters;

    /// <summary>The dead letters of <see cref="FanOut"/>.</summary>
    public const string FanOutDeadLetters = FanOut + DeadLetters;

    /// <summary>The dead letters of <see cref="Deliveries"/>.</summary>
    public const string DeliveryDeadLetters = Deliveries + DeadLetters;

    /// <summary>The dead letters of <see cref="Replays"/>.</summary>
    public const string ReplayDeadLetters = Replays + DeadLetters;
}
