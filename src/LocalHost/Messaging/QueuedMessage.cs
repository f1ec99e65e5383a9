namespace LocalHost.Messaging;

/// <summary>
/// A message that memory knows of, because it is about to be received or was; the others are on disk only. Guarded by its queue's gate.
/// </summary>
internal sealed class QueuedMessage(long place)
{
    /// <summary>Where it stands among the messages of its queue: for those that aren't dead letters, their sequence number.</summary>
    public long Place { get; } = place;

    /// <summary>
    /// The message with its body decrypted, while it is about to be received for the first time. Otherwise it must be read.
    /// </summary>
    public byte[]? Content { get; set; }

    /// <summary>How often it has been received.</summary>
    public int DeliveryCount { get; set; }

    /// <summary>Whether its delivery count has a row of its own.</summary>
    public bool HasCountRow { get; set; }

    /// <summary>Its lock; while it is being settled, the lock that it had.</summary>
    public MessageLock? Lock { get; set; }

    /// <summary>Its place in <see cref="ReadyMessages"/> once it was received.</summary>
    public LinkedListNode<QueuedMessage>? Node { get; set; }
}

/// <summary>A receiver's hold on a message until it settles it or the time is over.</summary>
internal sealed class MessageLock(QueuedMessage message)
{
    public Guid Token { get; } = Guid.NewGuid();

    public QueuedMessage Message { get; } = message;

    /// <summary>The time that receivers are told.</summary>
    public DateTimeOffset Until { get; set; }

    /// <summary>The timestamp that counts: a clock that is set, or a machine that sleeps, neither ends nor prolongs a lock.</summary>
    public long ExpiresAt { get; set; }
}
