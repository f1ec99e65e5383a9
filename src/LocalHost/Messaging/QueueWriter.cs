using System.Buffers;
using System.Buffers.Binary;
using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>What operations do to the rows of their queue within a batch. For the database's writer thread alone.</summary>
internal sealed class QueueWriter(BrokerEntity entity, QueueKeys keys, DuplicateHistory? history, TimeProvider time) : IBatchParticipant
{
    private readonly ArrayBufferWriter<byte> _acceptedIds = new();
    private WriteBatch _batch = null!;
    private long _historyHead;
    private QueueState _planned;

    /// <summary>The queue as it will be after the operations that were applied.</summary>
    public ref QueueState Planned => ref _planned;

    /// <summary>One time for the whole batch.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>When the first of the messages is due that are scheduled in this batch.</summary>
    public long FirstScheduled { get; private set; }

    /// <summary>Called by each operation before it does anything else.</summary>
    public void Join(WriteBatch batch)
    {
        if (batch.Join(this))
        {
            _batch = batch;
            _planned = entity.State;
            _acceptedIds.ResetWrittenCount();
            Now = time.GetUtcNow();
            FirstScheduled = long.MaxValue;
        }
    }

    public byte[] GetMessage(byte kind, long place) =>
        _batch.Get(keys.Message(stackalloc byte[QueueKeys.MessageLength], kind, place))
        ?? throw new InvalidDataException($"Message {place} of queue {entity.Definition.Name} is not stored.");

    public void PutMessage(byte kind, long place, ReadOnlySpan<byte> message) =>
        _batch.Put(keys.Message(stackalloc byte[QueueKeys.MessageLength], kind, place), message);

    public void DeleteMessage(byte kind, QueuedMessage message)
    {
        _batch.Delete(keys.Message(stackalloc byte[QueueKeys.MessageLength], kind, message.Place));
        if (message.HasCountRow)
        {
            _batch.Delete(keys.Count(stackalloc byte[QueueKeys.MessageLength + 1], kind, message.Place));
        }
    }

    public void PutCount(byte kind, long place, int count) =>
        BinaryPrimitives.WriteInt32LittleEndian(
            _batch.Put(keys.Count(stackalloc byte[QueueKeys.MessageLength + 1], kind, place), sizeof(int)),
            count
        );

    public static int ReadCount(ReadOnlySpan<byte> row) => BinaryPrimitives.ReadInt32LittleEndian(row);

    public void PutScheduled(SchedulePosition position, ReadOnlySpan<byte> message)
    {
        _batch.Put(keys.Scheduled(stackalloc byte[QueueKeys.ScheduledLength], position), message);
        FirstScheduled = Math.Min(FirstScheduled, position.Due);
        if (position.IsBefore(_planned.ScheduleHead))
        {
            _planned.ScheduleHead = position;
        }
    }

    public void DeleteScheduled(SchedulePosition position) =>
        _batch.Delete(keys.Scheduled(stackalloc byte[QueueKeys.ScheduledLength], position));

    /// <summary>The scheduled messages that are due, and those that follow.</summary>
    public RangeScan ScanScheduled() =>
        _batch.Scan(
            keys.Scheduled(stackalloc byte[QueueKeys.ScheduledLength], _planned.ScheduleHead),
            keys.Scheduled(stackalloc byte[QueueKeys.ScheduledLength], new(long.MaxValue, long.MaxValue))
        );

    /// <summary>False if a message with this id was accepted within the window.</summary>
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
    public void Forget(DuplicateKey id) => history?.Remove(id);

    public void StartAt(long historyHead) => _historyHead = historyHead;

    public void Complete(WriteBatch batch)
    {
        if (_acceptedIds.WrittenCount > 0)
        {
            batch.Put(
                keys.History(stackalloc byte[QueueKeys.HistoryLength], Now.UtcTicks, _planned.LastSequenceNumber),
                _acceptedIds.WrittenSpan
            );
            TrimHistory(batch);
        }

        entity.ReadPositions(ref _planned);
        _planned.HistoryHead = _historyHead;
        _planned.Write(batch.Put(keys.State, QueueState.Length));
    }

    private void TrimHistory(WriteBatch batch)
    {
        var window = entity.Definition.DuplicateDetectionHistoryTimeWindow.Ticks;
        var forgotten = history!.Forget(Now);
        if (forgotten is not null)
        {
            entity.WarnOfFullHistory();
        }

        // Rarely: each deleted range costs those who read.
        var tail = Math.Max(Now.UtcTicks - window, forgotten + 1 ?? 0);
        if (forgotten is not null || Math.Abs(tail - _historyHead) > window / 2)
        {
            batch.DeleteRange(
                keys.History(stackalloc byte[QueueKeys.HistoryLength], 0, 0),
                keys.History(stackalloc byte[QueueKeys.HistoryLength], tail, 0)
            );
            _historyHead = tail;
        }
    }
}
