using System.Buffers;
using System.Buffers.Binary;
using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>Writes the rows of a queue to a batch. Used by the database's writer thread only.</summary>
internal sealed class QueueWriter(BrokerEntity entity, QueueKeys keys, DuplicateHistory? history, TimeProvider time) : IBatchParticipant
{
    private readonly ArrayBufferWriter<byte> _acceptedIds = new();
    private WriteBatch _batch = null!;
    private long _historyHead;
    private QueueState _state;

    /// <summary>The queue's state after the operations of the batch so far.</summary>
    public ref QueueState State => ref _state;

    /// <summary>The time of the whole batch.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>When the first message that this batch schedules is due.</summary>
    public long FirstScheduled { get; private set; }

    /// <summary>Every operation calls this first.</summary>
    public void Join(WriteBatch batch)
    {
        if (batch.Join(this))
        {
            _batch = batch;
            _state = entity.State;
            _acceptedIds.ResetWrittenCount();
            Now = time.GetUtcNow();
            FirstScheduled = long.MaxValue;
        }
    }

    public byte[] GetMessage(byte kind, long position) =>
        _batch.Get(keys.Message(stackalloc byte[QueueKeys.MessageLength], kind, position))
        ?? throw new InvalidDataException($"Message {position} of the queue {entity.Definition.Name} is missing in the database.");

    public void PutMessage(byte kind, long position, ReadOnlySpan<byte> message) =>
        _batch.Put(keys.Message(stackalloc byte[QueueKeys.MessageLength], kind, position), message);

    public void DeleteMessage(byte kind, QueuedMessage message)
    {
        _batch.Delete(keys.Message(stackalloc byte[QueueKeys.MessageLength], kind, message.Position));
        if (message.HasCountRow)
        {
            _batch.Delete(keys.Count(stackalloc byte[QueueKeys.MessageLength + 1], kind, message.Position));
        }
    }

    public void PutCount(byte kind, long position, int count) =>
        BinaryPrimitives.WriteInt32LittleEndian(
            _batch.Put(keys.Count(stackalloc byte[QueueKeys.MessageLength + 1], kind, position), sizeof(int)),
            count
        );

    public static int ReadCount(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadInt32LittleEndian(row);

    public void PutScheduled(SchedulePosition position, ReadOnlySpan<byte> message)
    {
        _batch.Put(keys.Scheduled(stackalloc byte[QueueKeys.ScheduledLength], position), message);
        FirstScheduled = Math.Min(FirstScheduled, position.Due);
        if (position.IsBefore(_state.ScheduleHead))
        {
            _state.ScheduleHead = position;
        }
    }

    public void DeleteScheduled(SchedulePosition position) =>
        _batch.Delete(keys.Scheduled(stackalloc byte[QueueKeys.ScheduledLength], position));

    /// <summary>All scheduled messages, the first due first.</summary>
    public RangeScan ScanScheduled() =>
        _batch.Scan(
            keys.Scheduled(stackalloc byte[QueueKeys.ScheduledLength], _state.ScheduleHead),
            keys.Scheduled(stackalloc byte[QueueKeys.ScheduledLength], new(long.MaxValue, long.MaxValue))
        );

    /// <summary>Returns false if a message with this id was accepted within the window.</summary>
    public bool TryAccept(DuplicateKey id)
    {
        if (history is null)
        {
            return true;
        }

        if (!history.TryAdd(id, Now))
        {
            return false;
        }

        id.Write(_acceptedIds.GetSpan(DuplicateKey.Length));
        _acceptedIds.Advance(DuplicateKey.Length);
        return true;
    }

    /// <summary>After a failed write: the id may be accepted again.</summary>
    public void RemoveId(DuplicateKey id) => history?.Remove(id);

    public void StartAt(long historyHead) => _historyHead = historyHead;

    public void Complete(WriteBatch batch)
    {
        if (_acceptedIds.WrittenCount > 0)
        {
            batch.Put(
                keys.History(stackalloc byte[QueueKeys.HistoryLength], Now.UtcTicks, _state.LastSequenceNumber),
                _acceptedIds.WrittenSpan
            );
            TrimHistory(batch);
        }

        entity.CopyPositions(ref _state);
        _state.HistoryHead = _historyHead;
        _state.Write(batch.Put(keys.State, QueueState.Length));
    }

    private void TrimHistory(WriteBatch batch)
    {
        var window = entity.Definition.DuplicateDetectionHistoryTimeWindow.Ticks;
        var removed = history!.Trim(Now);
        if (removed is not null)
        {
            entity.WarnHistoryFull();
        }

        // Not with every batch: each deleted range slows down reads.
        var head = Math.Max(Now.UtcTicks - window, removed + 1 ?? 0);
        if (removed is not null || Math.Abs(head - _historyHead) > window / 2)
        {
            batch.DeleteRange(
                keys.History(stackalloc byte[QueueKeys.HistoryLength], 0, 0),
                keys.History(stackalloc byte[QueueKeys.HistoryLength], head, 0)
            );
            _historyHead = head;
        }
    }
}
