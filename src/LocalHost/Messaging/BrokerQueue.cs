using System.Runtime.Serialization;
using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>Where messages are received and settled: a queue, or a queue's dead-letter queue.</summary>
/// <remarks>
/// Settling completes when it is safely on disk. It throws a <see cref="LockLostException"/> if the lock is gone, and a
/// <see cref="StorageUnavailableException"/> if the disk is full or fails: the lock then lasts on, and the message may turn out to be
/// settled.
/// </remarks>
internal sealed partial class BrokerQueue : IDisposable
{
    public const string DeadLetterSuffix = "$DeadLetterQueue";
    public const string MaxDeliveryCountExceeded = "MaxDeliveryCountExceeded";

    private readonly TimeProvider _time;
    private readonly MessageLocks _locks;
    private readonly ReadyMessages _ready;
    private readonly Alarm _expiry;
    private TaskCompletionSource? _arrival;

    /// <param name="kind"><see cref="KeySpace.Messages"/> or <see cref="KeySpace.DeadLetters"/>.</param>
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

    /// <summary>How many wait to be received.</summary>
    public long ReadyCount
    {
        get
        {
            lock (Entity.Gate)
            {
                return Total - _ready.HeldCount;
            }
        }
    }

    /// <summary>How many are locked by receivers.</summary>
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

    /// <summary>With the gate held: no message has a lower place.</summary>
    public long Head => _ready.Head;

    /// <summary>With the gate held: all messages up to this place were received at least once.</summary>
    public long ReceivedUpTo { get; private set; }

    private bool IsDeadLetters => Kind == KeySpace.DeadLetters;

    private long Total => IsDeadLetters ? Entity.State.DeadLetters : Entity.State.Active;

    private long LastPlace => IsDeadLetters ? Entity.State.LastDeadLetter : Entity.State.LastSequenceNumber;

    /// <summary>The message is done with.</summary>
    public ValueTask CompleteAsync(Guid lockToken)
    {
        lock (Entity.Gate)
        {
            var held = Held(lockToken);
            return Settle(held, new CompleteOperation(this, held.Message));
        }
    }

    /// <summary>Returns the message to its place; a message that was delivered too often goes to the dead-letter queue.</summary>
    /// <exception cref="SerializationException">A property is of a type that Service Bus doesn't carry.</exception>
    public ValueTask AbandonAsync(Guid lockToken, IDictionary<string, object>? propertiesToModify = null)
    {
        ThrowIfUnsupported(propertiesToModify);
        lock (Entity.Gate)
        {
            var held = Held(lockToken);
            if (IsExhausted(held.Message))
            {
                return Settle(held, new DeadLetterOperation(this, held.Message, ExhaustedProperties(propertiesToModify)));
            }

            if (propertiesToModify is { Count: > 0 })
            {
                return Settle(held, new ModifyOperation(this, held.Message, propertiesToModify));
            }

            _locks.Release(held);
            Return(held.Message);
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Moves the message to the dead-letter queue, with the reason and the description in its properties.</summary>
    /// <exception cref="SerializationException">A property is of a type that Service Bus doesn't carry.</exception>
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
            var held = Held(lockToken);
            return Settle(held, new DeadLetterOperation(this, held.Message, DeadLetterProperties(reason, description, propertiesToModify)));
        }
    }

    /// <returns>Until when the message is locked now.</returns>
    public DateTimeOffset RenewLock(Guid lockToken)
    {
        lock (Entity.Gate)
        {
            var held = Held(lockToken);
            _locks.Renew(held);
            return held.Until;
        }
    }

    /// <summary>With the gate held: the next message can be received. Its bytes are used if there is room in memory.</summary>
    /// <param name="content">The header and the content.</param>
    /// <param name="body">The decrypted body.</param>
    public void Arrive(long place, ReadOnlySpan<byte> content, ReadOnlySpan<byte> body)
    {
        if (_ready.IsAllLoaded && _ready.HasRoom)
        {
            _ready.Load(new QueuedMessage(place) { Content = [.. content, .. body] });
        }
        else
        {
            _ready.LeaveOnDisk(place);
        }

        SignalArrival();
    }

    /// <summary>With the gate held: the next message, as it is stored, can be received.</summary>
    public void Arrive(long place, ReadOnlySpan<byte> stored, int deliveryCount)
    {
        if (_ready.IsAllLoaded && _ready.HasRoom && Entity.Cipher.TryDecrypt(stored, out var content))
        {
            _ready.Load(new QueuedMessage(place) { Content = content, DeliveryCount = deliveryCount });
        }
        else
        {
            _ready.LeaveOnDisk(place);
        }

        SignalArrival();
    }

    /// <summary>With the gate held: the message is free again, unless it was delivered too often.</summary>
    public void Return(QueuedMessage message)
    {
        message.Lock = null;
        if (IsExhausted(message))
        {
            DeadLetterExhausted(message);
        }
        else
        {
            MakeReady(message);
        }
    }

    /// <summary>With the gate held: the message is gone.</summary>
    public void Remove(QueuedMessage message) => _ready.Remove(message);

    /// <summary>
    /// With the gate held: settling has failed, so the message is as it was before, unless its lock has expired meanwhile.
    /// </summary>
    public void Unsettle(QueuedMessage message)
    {
        if (message.Lock is { } held && _locks.TryRestore(held))
        {
            _expiry.RingIn(_locks.NextExpiry);
        }
        else
        {
            message.Lock = null;
            MakeReady(message);
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

    // Reason and description are the service's own words.
    private Dictionary<string, object> ExhaustedProperties(IDictionary<string, object>? propertiesToModify = null) =>
        DeadLetterProperties(
            MaxDeliveryCountExceeded,
            $"Message could not be consumed after {Entity.Definition.MaxDeliveryCount} delivery attempts.",
            propertiesToModify
        );

    private void DeadLetterExhausted(QueuedMessage message)
    {
        Entity.Database.Submit(new DeadLetterOperation(this, message, ExhaustedProperties()), isUrgent: true);
    }

    private ValueTask Settle(MessageLock held, WriteOperation operation)
    {
        var settling = Entity.Database.WriteAsync(operation);
        _locks.Release(held);
        return settling;
    }

    private TimeSpan? ExpireLocks()
    {
        while (_locks.TryTakeExpired(out var expired))
        {
            Return(expired.Message);
        }

        return _locks.NextExpiry;
    }

    private void MakeReady(QueuedMessage message)
    {
        _ready.Return(message);
        SignalArrival();
    }

    private void SignalArrival()
    {
        _arrival?.SetResult();
        _arrival = null;
    }

    private MessageLock Held(Guid lockToken) =>
        _locks.TryGet(lockToken, out var held) ? held
        : Entity.Database.LastError is { } error ? throw error
        : throw new LockLostException(Path);
}
