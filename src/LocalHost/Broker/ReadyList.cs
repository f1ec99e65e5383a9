using System.Diagnostics.CodeAnalysis;

namespace LocalHost.Messaging;

/// <summary>
/// The messages that can be received, in the order of their sequence numbers. Those that arrive in order, nearly all, cost O(1);
/// those that return to their place, O(log of how many have returned).
/// </summary>
internal sealed class ReadyList
{
    private readonly Queue<QueuedMessage> _arrived = new();
    private readonly PriorityQueue<QueuedMessage, long> _returned = new();
    private long _lastArrived = long.MinValue;

    public int Count => _arrived.Count + _returned.Count;

    public void Add(QueuedMessage message)
    {
        if (message.SequenceNumber > _lastArrived)
        {
            _lastArrived = message.SequenceNumber;
            _arrived.Enqueue(message);
        }
        else
        {
            _returned.Enqueue(message, message.SequenceNumber);
        }
    }

    public bool TryPeek([MaybeNullWhen(false)] out QueuedMessage message) =>
        _returned.TryPeek(out message, out var sequenceNumber) && !(_arrived.TryPeek(out var arrived) && arrived.SequenceNumber < sequenceNumber)
        || _arrived.TryPeek(out message);

    public bool TryTake([MaybeNullWhen(false)] out QueuedMessage message)
    {
        if (!_returned.TryPeek(out var returned, out var sequenceNumber))
            return _arrived.TryDequeue(out message);
        if (!_arrived.TryPeek(out var arrived) || sequenceNumber < arrived.SequenceNumber)
        {
            message = returned;
            _returned.Dequeue();
            return true;
        }
        return _arrived.TryDequeue(out message);
    }
}
