using System.Runtime.Serialization;
using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>A queue or a dead-letter queue: receiving and settling its messages.</summary>
/// <remarks>
/// A settlement completes when it is on disk. It throws a <see cref="LockLostException"/> if the lock is lost, and a
/// <see cref="StorageUnavailableException"/> if the disk is full or failing: the lock then remains, but the message may turn out to be
/// settled.
/// </remarks>
internal sealed partial class BrokerQueue : IDisposable
{
    public const string DeadLetterSuffix = "$DeadLetterQueue";
    public const string MaxDeliveryCountExceeded = "MaxDeliveryCountExceeded";

    private readonly TimeProvider _time;
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
        _time = time;
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

    /// <summary>Deletes the message.</summary>
    public ValueTask CompleteAsync(Guid lockToken)
    {
        lock (Entity.Gate)
        {
            var messageLock = GetLock(lockToken);
            return Settle(messageLock, new CompleteOperation(this, messageLock.Message));
        }
    }

    /// <summary>Releases the message at its position, or dead-letters it if it was delivered too often.</summary>
    /// <exception cref="SerializationException">Service Bus doesn't support the type of a property.</exception>
    public ValueTask AbandonAsync(Guid lockToken, IDictionary<string, object>? propertiesToModify = null)
    {
        ThrowIfUnsupported(propertiesToModify);
        lock (Entity.Gate)
        {
            var messageLock = GetLock(lockToken);
            var message = messageLock.Message;
            if (IsExhausted(message))
            {
                return Settle(messageLock, new DeadLetterOperation(this, message, ExhaustedProperties(propertiesToModify)));
            }

            if (propertiesToModify is { Count: > 0 })
            {
                return Settle(messageLock, new ModifyOperation(this, message, propertiesToModify));
            }

            _locks.Release(messageLock);
            Release(message);
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Moves the message to the dead-letter queue, with the reason and the description in its properties.</summary>
    /// <exception cref="SerializationException">Service Bus doesn't support the type of a property.</exception>
    public ValueTask DeadLetterAsync(
        Guid lockToken,
        string? reason,
        string? description,
        IDictionary<string, object>? propertiesToModify = null
    )
    {
        if (IsDeadLetters)
        {
            throw new InvalidOperationException("A message in a dead-letter queue can't be dead-lettered.");
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(reason?.Length ?? 0, MessageLimits.DeadLetterTextLength, nameof(reason));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(description?.Length ?? 0, MessageLimits.DeadLetterTextLength, nameof(description));
        ThrowIfUnsupported(propertiesToModify);
        lock (Entity.Gate)
        {
            var messageLock = GetLock(lockToken);
            var properties = DeadLetterProperties(reason, description, propertiesToModify);
            return Settle(messageLock, new DeadLetterOperation(this, messageLock.Message, properties));
        }
    }

    /// <returns>When the lock expires now.</returns>
    public DateTimeOffset RenewLock(Guid lockToken)
    {
        lock (Entity.Gate)
        {
            var messageLock = GetLock(lockToken);
            _locks.Renew(messageLock);
            return messageLock.LockedUntil;
        }
    }

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

    /// <summary>Makes the message available again, or dead-letters it if it was delivered too often. Call with the gate held.</summary>
    public void Release(QueuedMessage message)
    {
        message.Lock = null;
        if (IsExhausted(message))
        {
            DeadLetterExhausted(message);
        }
        else
        {
            MakeAvailable(message);
        }
    }

    /// <summary>The message was deleted. Call with the gate held.</summary>
    public void Remove(QueuedMessage message) => _ready.Remove(message);

    /// <summary>The settlement failed: restores the lock, or releases the message if it has expired. Call with the gate held.</summary>
    public void RevertSettlement(QueuedMessage message)
    {
        if (message.Lock is { } messageLock && _locks.TryRestore(messageLock))
        {
            _expiry.FireIn(_locks.NextExpiry);
        }
        else
        {
            message.Lock = null;
            MakeAvailable(message);
        }
    }

    public void Dispose() => _expiry.Dispose();

    private static void ThrowIfUnsupported(IDictionary<string, object>? properties)
    {
        if (properties is { Count: > 0 })
        {
            using var writer = new ByteWriter();
            foreach (var (name, value) in properties)
            {
                StoredMessage.WriteProperty(writer, name, value);
            }
        }
    }

    private static Dictionary<string, object> DeadLetterProperties(
        string? reason,
        string? description,
        IDictionary<string, object>? propertiesToModify
    )
    {
        var properties = propertiesToModify is null ? [] : new Dictionary<string, object>(propertiesToModify, StringComparer.Ordinal);
        if (reason is not null)
        {
            properties[ReceivedMessage.DeadLetterReasonProperty] = reason;
        }

        if (description is not null)
        {
            properties[ReceivedMessage.DeadLetterErrorDescriptionProperty] = description;
        }

        return properties;
    }

    private bool IsExhausted(QueuedMessage message) => !IsDeadLetters && message.DeliveryCount >= Entity.Definition.MaxDeliveryCount;

    // Reason and description are those of Service Bus.
    private Dictionary<string, object> ExhaustedProperties(IDictionary<string, object>? propertiesToModify = null) =>
        DeadLetterProperties(
            MaxDeliveryCountExceeded,
            $"Message could not be consumed after {Entity.Definition.MaxDeliveryCount} delivery attempts.",
            propertiesToModify
        );

    private void DeadLetterExhausted(QueuedMessage message) =>
        Entity.Database.Submit(new DeadLetterOperation(this, message, ExhaustedProperties()), isUrgent: true);

    private ValueTask Settle(MessageLock messageLock, QueueOperation operation)
    {
        var written = Entity.Database.WriteAsync(operation);
        _locks.Release(messageLock);
        return written;
    }

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

    private MessageLock GetLock(Guid lockToken) =>
        _locks.TryGet(lockToken, out var messageLock) ? messageLock
        : Entity.Database.LastError is { } error ? throw error
        : throw new LockLostException(Path);
}
