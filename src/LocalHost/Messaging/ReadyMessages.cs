using System.Diagnostics.CodeAnalysis;

namespace LocalHost.Messaging;

/// <summary>
/// The messages of a queue that can be received, in order: those that came back to their place, then the next ones as far as they are in
/// memory. The rest is on disk. Used with the gate held.
/// </summary>
/// <param name="readAhead">At most this many are in memory before they are received.</param>
internal sealed class ReadyMessages(int readAhead)
{
    /// <summary>At most this many bytes of messages are in memory before they are received.</summary>
    public const int MaxLoadedBytes = 4 << 20;

    private readonly Queue<QueuedMessage> _loaded = new();
    private readonly PriorityQueue<QueuedMessage, long> _returned = new();

    // Those that were received, in order, until they are gone.
    private readonly LinkedList<QueuedMessage> _received = new();
    private long _loadedBytes;

    /// <summary>How many are in memory.</summary>
    public int Count => _loaded.Count + _returned.Count;

    /// <summary>How many were received and are neither free again nor gone.</summary>
    public int HeldCount => _received.Count - _returned.Count;

    /// <summary>The place from which messages are on disk only.</summary>
    public long NextToLoad { get; private set; }

    /// <summary>Whether no message waits on disk only.</summary>
    public bool IsAllLoaded { get; private set; } = true;

    /// <summary>No message has a lower place.</summary>
    public long Head => Math.Min(_received.First?.Value.Place ?? long.MaxValue, _loaded.TryPeek(out var next) ? next.Place : NextToLoad);

    public bool HasRoom => _loaded.Count < readAhead && _loadedBytes < MaxLoadedBytes;

    /// <summary>After a start: there are messages from this place on.</summary>
    public void StartAt(long place) => (NextToLoad, IsAllLoaded) = (place, false);

    /// <summary>Messages were loaded up to this place.</summary>
    public void LoadedUpTo(long place, bool isAll) => (NextToLoad, IsAllLoaded) = (place + 1, isAll);

    /// <summary>There are more messages at the end, on disk only.</summary>
    public void LeaveOnDisk(long place)
    {
        if (IsAllLoaded)
        {
            (NextToLoad, IsAllLoaded) = (place, false);
        }
    }

    /// <summary>Adds the next message.</summary>
    public void Load(QueuedMessage message)
    {
        _loaded.Enqueue(message);
        _loadedBytes += message.Content!.Length;
        NextToLoad = message.Place + 1;
    }

    /// <summary>A message that was received is free again.</summary>
    public void Return(QueuedMessage message) => _returned.Enqueue(message, message.Place);

    /// <summary>Takes the first in memory.</summary>
    public bool TryTake([MaybeNullWhen(false)] out QueuedMessage message)
    {
        if (_returned.TryPeek(out message, out var place) && (!_loaded.TryPeek(out var loaded) || place < loaded.Place))
        {
            _returned.Dequeue();
            return true;
        }

        if (!_loaded.TryDequeue(out message))
        {
            return false;
        }

        _loadedBytes -= message.Content!.Length;
        Hold(message);
        return true;
    }

    /// <summary>A message is neither ready nor gone.</summary>
    public void Hold(QueuedMessage message)
    {
        if (message.Node is not null)
        {
            return;
        }

        // Nearly always the last.
        var before = _received.Last;
        while (before is not null && before.Value.Place > message.Place)
        {
            before = before.Previous;
        }

        message.Node = before is null ? _received.AddFirst(message) : _received.AddAfter(before, message);
    }

    /// <summary>A message that was taken is gone.</summary>
    public void Remove(QueuedMessage message)
    {
        if (message.Node is { } node)
        {
            _received.Remove(node);
            message.Node = null;
        }
    }
}
