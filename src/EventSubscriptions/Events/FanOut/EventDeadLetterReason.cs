namespace EventSubscriptions.Events.FanOut;

/// <summary>Why events are refused. The audit log shows these as <c>error.kind</c>.</summary>
public static class EventDeadLetterReason
{
    /// <summary>The message is not an event.</summary>
    public const string MalformedEvent = "MalformedEvent";

    /// <summary>The payload is larger than <see cref="EventPayload.MaxBytes"/>.</summary>
    public const string PayloadTooLarge = "PayloadTooLarge";

    /// <summary>The organization has had another event of the same id.</summary>
    public const string IdReused = "IdReused";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [MalformedEvent, PayloadTooLarge, IdReused];
}
