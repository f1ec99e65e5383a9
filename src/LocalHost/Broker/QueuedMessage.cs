using LocalHost.Journaling;

namespace LocalHost.Messaging;

/// <summary>
/// What memory holds of a message; the rest is in the journal. Guarded by its queue's gate.
/// </summary>
internal sealed class QueuedMessage
{
    /// <summary>What the journal knows it by: the sequence number it was sent with.</summary>
    public required long Id { get; init; }

    /// <summary>Its place among those that are waiting: given anew when a scheduled message is due.</summary>
    public long SequenceNumber { get; set; }

    public JournalAddress Address { get; set; }

    /// <summary>How often it has been received.</summary>
    public int DeliveryCount { get; set; }

    public MessageState State { get; set; }

    public bool IsDeadLetter { get; set; }

    public MessageLock? Lock { get; set; }
}

internal enum MessageState : byte
{
    /// <summary>In the journal, but not safely on disk yet.</summary>
    Arriving,
    Scheduled,
    Ready,
    Locked,
    Gone,
}

/// <summary>A receiver's hold on a message until it settles it or the time is over.</summary>
internal sealed class MessageLock(QueuedMessage message)
{
    public Guid Token { get; } = Guid.NewGuid();

    public QueuedMessage Message { get; } = message;

    public DateTimeOffset Until { get; set; }
}
