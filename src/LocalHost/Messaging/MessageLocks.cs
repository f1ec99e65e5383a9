using System.Diagnostics.CodeAnalysis;

namespace LocalHost.Messaging;

/// <summary>
/// The locks of a queue. All last equally long, so the order in which they were taken or renewed is that in which they expire.
/// </summary>
internal sealed class MessageLocks(TimeSpan duration, TimeProvider time)
{
    private readonly long _duration = (long)(duration.TotalSeconds * time.TimestampFrequency);
    private readonly Dictionary<Guid, LinkedListNode<MessageLock>> _byToken = [];
    private readonly LinkedList<MessageLock> _byExpiry = new();

    public int Count => _byToken.Count;

    /// <summary>How long until the first of them expires.</summary>
    public TimeSpan? NextExpiry => _byExpiry.First is { } first ? time.GetElapsedTime(time.GetTimestamp(), first.Value.ExpiresAt) : null;

    public MessageLock Take(QueuedMessage message)
    {
        var taken = new MessageLock(message);
        Start(taken);
        _byToken.Add(taken.Token, _byExpiry.AddLast(taken));
        return taken;
    }

    /// <summary>The lock, unless it was released or has expired.</summary>
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

    /// <summary>Takes back a lock that was released. False if it has expired since.</summary>
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

    public bool TryTakeExpired([MaybeNullWhen(false)] out MessageLock expired)
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
        (started.Until, started.ExpiresAt) = (time.GetUtcNow() + duration, time.GetTimestamp() + _duration);

    private bool IsExpired(MessageLock held) => held.ExpiresAt <= time.GetTimestamp();
}
