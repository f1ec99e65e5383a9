namespace LocalHost.Messaging;

/// <summary>
/// A message in memory, because it was received or will be soon; all others are on disk only. Guarded by the gate of its queue.
/// </summary>
internal sealed class QueuedMessage(long position)
{
    /// <summary>The position in its queue: the sequence number, or the number of the dead letter.</summary>
    public long Position { get; } = position;

    /// <summary>The message with its decrypted body, until it is received for the first time. After that it is read from disk.</summary>
    public byte[]? Content { get; set; }

    /// <summary>How often it was received.</summary>
    public int DeliveryCount { get; set; }

    /// <summary>Whether its delivery count is stored in a separate row.</summary>
    public bool HasCountRow { get; set; }

    /// <summary>Its lock; while it is being settled, the lock that it had.</summary>
    public MessageLock? Lock { get; set; }

    /// <summary>Its node in <see cref="ReadyMessages"/> once it was received.</summary>
    public LinkedListNode<QueuedMessage>? Node { get; set; }
}
