namespace LocalHost.Messaging;

/// <summary>A receiver's lock on a message, until it settles the message or the lock expires.</summary>
internal sealed class MessageLock(QueuedMessage message)
{
    public Guid Token { get; } = Guid.NewGuid();

    public QueuedMessage Message { get; } = message;

    /// <summary>The expiry that receivers see.</summary>
    public DateTimeOffset LockedUntil { get; set; }

    /// <summary>The timestamp that decides, so that setting the clock or suspending the machine doesn't change a lock's duration.</summary>
    public long ExpiresAt { get; set; }
}
