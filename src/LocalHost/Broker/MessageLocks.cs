using System.Diagnostics.CodeAnalysis;

namespace LocalHost.Messaging;

/// <summary>The locks of a queue. All last equally long, so the order in which they were taken or renewed is that in which they expire.</summary>
internal sealed class MessageLocks(TimeSpan duration)
{
    private readonly Dictionary<Guid, LinkedListNode<MessageLock>> _byToken = [];
    private readonly LinkedList<MessageLock> _byExpiry = new();

    public int Count => _byToken.Count;

    public DateTimeOffset? NextExpiry => _byExpiry.First?.Value.Until;

    public MessageLock Take(QueuedMessage message, DateTimeOffset now)
    {
        var taken = new MessageLock(message) { Until = now + duration };
        _byToken.Add(taken.Token, _byExpiry.AddLast(taken));
        return taken;
    }

    /// <summary>The lock, unless it was released or has expired.</summary>
    public bool TryGet(Guid token, DateTimeOffset now, [MaybeNullWhen(false)] out MessageLock found)
    {
        found = _byToken.TryGetValue(token, out var node) && node.Value.Until > now ? node.Value : null;
        return found is not null;
    }

    public void Renew(MessageLock renewed, DateTimeOffset now)
    {
        var node = _byToken[renewed.Token];
        renewed.Until = now + duration;
        _byExpiry.Remove(node);
        _byExpiry.AddLast(node);
    }

    public void Release(MessageLock released)
    {
        _byToken.Remove(released.Token, out var node);
        _byExpiry.Remove(node!);
    }

    public bool TryTakeExpired(DateTimeOffset now, [MaybeNullWhen(false)] out MessageLock expired)
    {
        expired = _byExpiry.First?.Value;
        if (expired is null || expired.Until > now)
            return false;
        Release(expired);
        return true;
    }
}
