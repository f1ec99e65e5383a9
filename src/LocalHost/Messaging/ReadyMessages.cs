using System.Diagnostics.CodeAnalysis;

namespace LocalHost.Messaging;

/// <summary>
/// The messages of a queue that can be received, in order: those that were released, and the next ones, which are read ahead. The rest is
/// on disk only. Used with the gate held.
/// </summary>
/// <param name="readAhead">The maximum number of messages to read ahead.</param>
internal sealed class ReadyMessages(int readAhead)
{
    /// <summary>The maximum size of messages to read ahead, in bytes.</summary>
    public const int MaxReadAheadBytes = 4 << 20;

    private readonly Queue<QueuedMessage> _readAhead = new();
    private readonly PriorityQueue<QueuedMessage, long> _released = new();

    // Received messages in order, until they are removed. Includes those that were released.
    private readonly LinkedList<QueuedMessage> _received = new();
    private long _readAheadBytes;

    /// <summary>The number of messages in memory that can be received.</summary>
    public int Count => _readAhead.Count + _released.Count;

    /// <summary>The number of messages that were received and are neither released nor removed.</summary>
    public int UnavailableCount => _received.Count - _released.Count;

    /// <summary>Messages from this position on are on disk only.</summary>
    public long NextToRead { get; private set; }

    /// <summary>Whether no message is on disk only.</summary>
    public bool IsAllRead { get; private set; } = true;

    /// <summary>No message has a lower position.</summary>
    public long Head =>
        Math.Min(_received.First?.Value.Position ?? long.MaxValue, _readAhead.TryPeek(out var next) ? next.Position : NextToRead);

    /// <summary>Whether the next message can be added to memory.</summary>
    public bool HasRoom => IsAllRead && _readAhead.Count < readAhead && _readAheadBytes < MaxReadAheadBytes;

    /// <summary>After a start: all messages from this position on are on disk.</summary>
    public void StartAt(long position) => (NextToRead, IsAllRead) = (position, false);

    /// <summary>All messages up to this position have been read.</summary>
    public void SetReadUpTo(long position, bool isAll) => (NextToRead, IsAllRead) = (position + 1, isAll);

    /// <summary>A message was added to the end of the queue, on disk only.</summary>
    public void LeaveOnDisk(long position)
    {
        if (IsAllRead)
        {
            (NextToRead, IsAllRead) = (position, false);
        }
    }

    /// <summary>Adds the next message.</summary>
    public void Add(QueuedMessage message)
    {
        _readAhead.Enqueue(message);
        _readAheadBytes += message.Content!.Length;
        NextToRead = message.Position + 1;
    }

    /// <summary>Makes a message available again that was received.</summary>
    public void Release(QueuedMessage message) => _released.Enqueue(message, message.Position);

    /// <summary>Receives the first message in memory.</summary>
    public bool TryReceive([MaybeNullWhen(false)] out QueuedMessage message)
    {
        if (_released.TryPeek(out message, out var position) && (!_readAhead.TryPeek(out var next) || position < next.Position))
        {
            _released.Dequeue();
            return true;
        }

        if (!_readAhead.TryDequeue(out message))
        {
            return false;
        }

        _readAheadBytes -= message.Content!.Length;
        AddUnavailable(message);
        return true;
    }

    /// <summary>Adds a message that can't be received for now.</summary>
    public void AddUnavailable(QueuedMessage message)
    {
        if (message.Node is not null)
        {
            return;
        }

        // Nearly always the last.
        var before = _received.Last;
        while (before is not null && before.Value.Position > message.Position)
        {
            before = before.Previous;
        }

        message.Node = before is null ? _received.AddFirst(message) : _received.AddAfter(before, message);
    }

    /// <summary>Removes a message that was received.</summary>
    public void Remove(QueuedMessage message)
    {
        if (message.Node is { } node)
        {
            _received.Remove(node);
            message.Node = null;
        }
    }
}
