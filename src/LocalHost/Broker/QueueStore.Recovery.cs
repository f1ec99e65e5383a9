using System.Buffers.Binary;
using LocalHost.Journaling;

namespace LocalHost.Messaging;

internal sealed partial class QueueStore
{
    /// <summary>Takes in a record of this queue from an earlier run.</summary>
    public void Replay(QueueRecord type, JournalAddress address, ReadOnlySpan<byte> record)
    {
        var items = record[QueueLog.HeaderLength..];
        switch (type)
        {
            case QueueRecord.Messages:
                foreach (var (start, length) in MessagesIn(items))
                    ReplayMessage(address.Slice(QueueLog.HeaderLength + start, length), items.Slice(start, length));
                break;
            case QueueRecord.Received:
                for (; items.Length > 0; items = items[sizeof(long)..])
                {
                    if (Find(items) is { } message)
                        message.DeliveryCount++;
                }
                break;
            case QueueRecord.Completed:
                if (Find(items) is { } gone)
                {
                    gone.State = MessageState.Gone;
                    _messages.Remove(gone.Id);
                    ChangeMessageBytes(-(gone.Address.Length + RecordOverhead));
                }
                break;
            case QueueRecord.Activated:
                for (; items.Length > 0; items = items[(2 * sizeof(long))..])
                    ReplayActivation(items);
                break;
            case QueueRecord.History:
                _history?.Restore(DuplicateKey.Read(items), BinaryPrimitives.ReadInt64LittleEndian(items[DuplicateKey.Length..]), time.GetUtcNow());
                break;
            case QueueRecord.LastSequenceNumber:
                SawSequenceNumber(BinaryPrimitives.ReadInt64LittleEndian(items));
                break;
            default:
                throw new InvalidDataException($"The journal holds a queue record of type {(byte)type}, which this version doesn't know.");
        }
    }

    /// <summary>Appends again what lives of a record that is about to be deleted.</summary>
    public void Relocate(QueueRecord type, JournalAddress address, ReadOnlySpan<byte> record)
    {
        var items = record[QueueLog.HeaderLength..];
        switch (type)
        {
            case QueueRecord.Messages:
                foreach (var (start, length) in MessagesIn(items))
                    RelocateMessage(address.Slice(QueueLog.HeaderLength + start, length), items.Slice(start, length));
                break;
            case QueueRecord.Activated:
                for (; items.Length > 0; items = items[(2 * sizeof(long))..])
                    KeepSequenceNumber(BinaryPrimitives.ReadInt64LittleEndian(items[sizeof(long)..]));
                break;
            case QueueRecord.History:
                KeepHistory(DuplicateKey.Read(items), BinaryPrimitives.ReadInt64LittleEndian(items[DuplicateKey.Length..]));
                break;
            case QueueRecord.LastSequenceNumber:
                KeepSequenceNumber(BinaryPrimitives.ReadInt64LittleEndian(items));
                break;
        }
    }

    /// <summary>Forgets those entries of the schedule that a later record has overtaken; called once, after the replay.</summary>
    public void EndReplay()
    {
        var valid = _scheduled.UnorderedItems.Where(entry => entry.Element.State == MessageState.Scheduled).ToArray();
        _scheduled.Clear();
        _scheduled.EnqueueRange(valid);
    }

    private void ReplayMessage(JournalAddress address, ReadOnlySpan<byte> bytes)
    {
        var header = StoredMessage.ReadHeader(bytes);
        var message = _messages.GetValueOrDefault(header.Id) ?? new QueuedMessage { Id = header.Id };
        if (header.IsScheduled && message.State != MessageState.Scheduled)
            _scheduled.Enqueue(message, (header.Enqueued, header.Id));
        message.SequenceNumber = header.SequenceNumber;
        message.DeliveryCount = header.DeliveryCount;
        message.IsDeadLetter = header.IsDeadLetter;
        message.State = header.IsScheduled ? MessageState.Scheduled : MessageState.Arriving;
        Index(message, address);
        SawSequenceNumber(header.SequenceNumber);

        var now = time.GetUtcNow();
        if (_history is not null && _history.IsWithinWindow(header.Sent, now) && StoredMessage.ReadMessageId(bytes) is { } messageId)
            _history.Restore(DuplicateKey.Of(messageId), header.Sent, now);
    }

    private void ReplayActivation(ReadOnlySpan<byte> pair)
    {
        var sequenceNumber = BinaryPrimitives.ReadInt64LittleEndian(pair[sizeof(long)..]);
        SawSequenceNumber(sequenceNumber);
        if (Find(pair) is { } message)
        {
            message.SequenceNumber = sequenceNumber;
            message.State = MessageState.Arriving;
        }
    }

    private void RelocateMessage(JournalAddress address, ReadOnlySpan<byte> bytes)
    {
        var header = StoredMessage.ReadHeader(bytes);
        KeepSequenceNumber(header.SequenceNumber);
        if (!_messages.TryGetValue(header.Id, out var message))
        {
            if (_history is not null && _history.IsWithinWindow(header.Sent, time.GetUtcNow()) && StoredMessage.ReadMessageId(bytes) is { } messageId)
                _log.AppendHistory(DuplicateKey.Of(messageId), header.Sent);
        }
        else if (message.Address == address)
        {
            Append(message, bytes.ToArray(), header);
        }
    }

    private void KeepHistory(DuplicateKey key, long sent)
    {
        if (_history is not null && _history.IsWithinWindow(sent, time.GetUtcNow()))
            _log.AppendHistory(key, sent);
    }

    private void KeepSequenceNumber(long number)
    {
        if (number == _lastSequenceNumber)
            _log.Append(QueueRecord.LastSequenceNumber, number);
    }

    private void SawSequenceNumber(long number) => _lastSequenceNumber = Math.Max(_lastSequenceNumber, number);

    private QueuedMessage? Find(ReadOnlySpan<byte> id) => _messages.GetValueOrDefault(BinaryPrimitives.ReadInt64LittleEndian(id));

    private static List<(int Start, int Length)> MessagesIn(ReadOnlySpan<byte> items)
    {
        var messages = new List<(int, int)>();
        for (var start = 0; start < items.Length;)
        {
            var length = StoredMessage.ReadLength(items[start..]);
            messages.Add((start, length));
            start += length;
        }
        return messages;
    }
}
