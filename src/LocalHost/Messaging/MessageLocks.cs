using System.Diagnostics.CodeAnalysis;

namespace LocalHost.Messaging;

/// <summary>
/// The locks of a queue. All have the same duration, so they expire in the order in which they were acquired or renewed.
/// </summary>
internal sealed class MessageLocks(TimeSpan duration, TimeProvider time)
{
    private readonly long _duration = (long)(duration.TotalSeconds * time.TimestampFrequency);
    private readonly Dictionary<Guid, LinkedListNode<MessageLock>> _byToken = [];
    private readonly LinkedList<MessageLock> _byExpiry = new();

    public int Count => _byToken.Count;

    /// <summary>The time until the first lock expires.</summary>
    public TimeSpan? NextExpiry => _byExpiry.First is { } first ? time.GetElapsedTime(time.GetTimestamp(), first.Value.ExpiresAt) : null;

    public MessageLock Acquire(QueuedMessage message)
    {
        var acquired = new MessageLock(message);
        Start(acquired);
        _byToken.Add(acquired.Token, _byExpiry.AddLast(acquired));
        return acquired;
    }

    /// <summary>Gets the lock, unless it was released or has expired.</summary>
    public bool TryGet(Guid token, [MaybeNullWhen(false)] out MessageLock found)
    {
        found = _byToken.TryGetValue(token, out var node) && !IsExpired(node.Value) ? node.Value : null;
        return found is not null;
    }

    public void Renew(MessageLock renewed)
    {
        var node = _byToken[renewed.Token];
        Start(renewed);
        _byExpiry.Remove(node);
        _byExpiry.AddLast(node);
    }

    public void Release(MessageLock released)
    {
        _byToken.Remove(released.Token, out var node);
        _byExpiry.Remove(node!);
    }

    /// <summary>Restores a lock that was released. Returns false if it has expired.</summary>
    public bool TryRestore(MessageLock released)
    {
        if (IsExpired(released))
        {
            return false;
        }

        var before = _byExpiry.Last;
        while (before is not null && before.Value.ExpiresAt > released.ExpiresAt)
        {
            before = before.Previous;
        }

        _byToken.Add(released.Token, before is null ? _byExpiry.AddFirst(released) : _byExpiry.AddAfter(before, released));
        return true;
    }

    /// <summary>Releases the first lock if it has expired.</summary>
    public bool TryReleaseExpired([MaybeNullWhen(false)] out MessageLock expired)
    {
        expired = _byExpiry.First?.Value;
        if (expired is null || !IsExpired(expired))
        {
            return false;
        }

        Release(expired);
        return true;
    }

    private void Start(MessageLock started) =>
        (started.LockedUntil, started.ExpiresAt) = (time.GetUtcNow() + duration, time.GetTimestamp() + _duration);

    private bool IsExpired(MessageLock held) => held.ExpiresAt <= time.GetTimestamp();
}
