using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>A queue or a dead-letter queue: receiving and settling its messages.</summary>
internal sealed partial class BrokerQueue : IDisposable
{
    public const string DeadLetterSuffix = "$DeadLetterQueue";
    public const string MaxDeliveryCountExceeded = "MaxDeliveryCountExceeded";

    private readonly MessageLocks _locks;
    private readonly ReadyMessages _ready;
    private readonly DueTimer _expiry;
    private TaskCompletionSource? _arrival;

    /// <param name="path">The name, followed by <c>/$DeadLetterQueue</c> for a dead-letter queue.</param>
    /// <param name="kind"><see cref="KeySpace.Messages"/> or <see cref="KeySpace.DeadLetters"/>.</param>
    /// <param name="entity">The declared queue.</param>
    /// <param name="time">The clock.</param>
    public BrokerQueue(string path, byte kind, BrokerEntity entity, TimeProvider time)
    {
        Path = path;
        Kind = kind;
        Entity = entity;
        _locks = new(entity.Definition.LockDuration, time);
        _ready = new(entity.Definition.ReadAhead);
        _expiry = new(time, entity.Gate, ExpireLocks);
    }

    public string Path { get; }

    public byte Kind { get; }

    public BrokerEntity Entity { get; }

    public TimeSpan LockDuration => Entity.Definition.LockDuration;

    /// <summary>The number of messages that can be received.</summary>
    public long ReadyCount
    {
        get
        {
            lock (Entity.Gate)
            {
                return Total - _ready.UnavailableCount;
            }
        }
    }

    /// <summary>The number of locked messages.</summary>
    public int LockedCount
    {
        get
        {
            lock (Entity.Gate)
            {
                return _locks.Count;
            }
        }
    }

    /// <summary>No message has a lower position. Read with the gate held.</summary>
    public long Head => _ready.Head;

    /// <summary>All messages up to this position were received at least once. Read with the gate held.</summary>
    public long ReceivedUpTo { get; private set; }

    private bool IsDeadLetters => Kind == KeySpace.DeadLetters;

    private long Total => IsDeadLetters ? Entity.State.DeadLetters : Entity.State.Active;

    private long LastPosition => IsDeadLetters ? Entity.State.LastDeadLetter : Entity.State.LastSequenceNumber;

    /// <summary>After a start: continues where an earlier run stopped. Call with the gate held.</summary>
    public void StartAt(long head, long receivedUpTo)
    {
        _ready.StartAt(Math.Max(head, 1));
        ReceivedUpTo = _restoredUpTo = receivedUpTo;
    }

    /// <summary>The next message was stored. Call with the gate held.</summary>
    /// <param name="position">Its position.</param>
    /// <param name="content">The header and the content.</param>
    /// <param name="body">The decrypted body.</param>
    public void Enqueue(long position, ReadOnlySpan<byte> content, ReadOnlySpan<byte> body)
    {
        if (_ready.HasRoom)
        {
            _ready.Add(new QueuedMessage(position) { Content = [.. content, .. body] });
        }
        else
        {
            _ready.LeaveOnDisk(position);
        }

        SignalArrival();
    }

    /// <summary>The next message was stored, with an encrypted body. Call with the gate held.</summary>
    public void Enqueue(long position, ReadOnlySpan<byte> stored, int deliveryCount)
    {
        if (_ready.HasRoom && Entity.Cipher.TryDecrypt(stored, out var content))
        {
            _ready.Add(new QueuedMessage(position) { Content = content, DeliveryCount = deliveryCount });
        }
        else
        {
            _ready.LeaveOnDisk(position);
        }

        SignalArrival();
    }

    public void Dispose() => _expiry.Dispose();

    private TimeSpan? ExpireLocks()
    {
        while (_locks.TryReleaseExpired(out var expired))
        {
            Release(expired.Message);
        }

        return _locks.NextExpiry;
    }

    private void MakeAvailable(QueuedMessage message)
    {
        _ready.Release(message);
        SignalArrival();
    }

    private void SignalArrival()
    {
        _arrival?.SetResult();
        _arrival = null;
    }
}
