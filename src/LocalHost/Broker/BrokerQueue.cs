using System.Runtime.Serialization;
using Azure.Messaging.ServiceBus;
using LocalHost.Journaling;
using LocalHost.ServiceBus;

namespace LocalHost.Messaging;

/// <summary>Where messages are received and settled: a queue, or a queue's dead-letter queue.</summary>
/// <remarks>Settling throws a <see cref="ServiceBusException"/> of reason <see cref="ServiceBusFailureReason.MessageLockLost"/> when the lock is gone.</remarks>
internal sealed class BrokerQueue : IDisposable
{
    public const string DeadLetterSuffix = "$DeadLetterQueue";
    public const string MaxDeliveryCountExceeded = "MaxDeliveryCountExceeded";

    private readonly BrokerEntity _entity;
    private readonly QueueStore _store;
    private readonly TimeProvider _time;
    private readonly MessageLocks _locks;
    private readonly ReadyList _ready = new();
    private readonly Alarm _expiry;
    private TaskCompletionSource? _arrival;

    public BrokerQueue(string path, BrokerEntity entity, QueueStore store, TimeProvider time)
    {
        Path = path;
        _entity = entity;
        _store = store;
        _time = time;
        _locks = new(entity.Definition.LockDuration);
        _expiry = new(time, entity.Gate, ExpireLocks);
    }

    public string Path { get; }

    public TimeSpan LockDuration => _entity.Definition.LockDuration;

    /// <summary>How many wait to be received.</summary>
    public int ReadyCount
    {
        get
        {
            lock (_entity.Gate)
                return _ready.Count;
        }
    }

    /// <summary>How many are held by receivers.</summary>
    public int LockedCount
    {
        get
        {
            lock (_entity.Gate)
                return _locks.Count;
        }
    }

    /// <summary>Waits until there is a message, and locks up to <paramref name="max"/>, those first that were sent first.</summary>
    public async Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveAsync(int max, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task arrival;
            lock (_entity.Gate)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (_ready.Count == 0)
                    _arrival ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                arrival = _arrival?.Task ?? Task.CompletedTask;
            }
            await arrival.WaitAsync(cancellationToken);
            if (Receive(max) is { Count: > 0 } received)
                return received;
        }
    }

    /// <summary>As <see cref="ReceiveAsync"/>, without waiting.</summary>
    public IReadOnlyList<ServiceBusReceivedMessage> Receive(int max)
    {
        var deliveries = new List<Delivery>();
        lock (_entity.Gate)
        {
            var now = _time.GetUtcNow();
            var taken = new List<QueuedMessage>();
            while (taken.Count < max && _ready.TryTake(out var message))
                taken.Add(message);
            if (taken.Count == 0)
                return [];

            _store.Receive(taken);
            foreach (var message in taken)
            {
                message.State = MessageState.Locked;
                message.Lock = _locks.Take(message, now);
                deliveries.Add(new(message, message.Lock.Token, message.Lock.Until, message.Address, message.SequenceNumber, message.DeliveryCount));
            }
            _expiry.RingAt(_locks.NextExpiry);
        }

        var received = new List<ServiceBusReceivedMessage>(deliveries.Count);
        foreach (var delivery in deliveries)
        {
            if (Read(delivery) is { } message)
                received.Add(message);
        }
        return received;
    }

    /// <summary>The message that would be received next, without receiving it; null where none waits. Fails where nothing can be stored any more.</summary>
    public async Task<ServiceBusReceivedMessage?> PeekAsync()
    {
        await _entity.Journal.FlushedAsync();
        lock (_entity.Gate)
        {
            if (!_ready.TryPeek(out var message))
                return null;

            var bytes = _store.Read(message);
            var enqueued = new DateTimeOffset(StoredMessage.ReadHeader(bytes).Enqueued, TimeSpan.Zero);
            return ReceivedMessages.Create(StoredMessage.ReadContent(bytes), Guid.Empty, default, message.SequenceNumber, message.DeliveryCount, enqueued);
        }
    }

    /// <summary>The message is done with. Completes when that is safely on disk, as all settling does.</summary>
    public ValueTask CompleteAsync(Guid lockToken)
    {
        lock (_entity.Gate)
        {
            var held = Held(lockToken);
            var address = _store.Remove(held.Message);
            Release(held);
            return _entity.Journal.FlushedAsync(address);
        }
    }

    /// <summary>Returns the message to its place; a message that was delivered too often goes to the dead-letter queue.</summary>
    /// <exception cref="SerializationException">A property is of a type that Service Bus doesn't carry.</exception>
    public ValueTask AbandonAsync(Guid lockToken, IDictionary<string, object>? propertiesToModify = null)
    {
        lock (_entity.Gate)
        {
            var held = Held(lockToken);
            var address = IsExhausted(held.Message) ? DeadLetterExhausted(held.Message, propertiesToModify)
                : propertiesToModify is { Count: > 0 } ? Rewrite(held.Message, propertiesToModify, held.Message.IsDeadLetter)
                : (JournalAddress?)null;
            Release(held);
            if (address is { } written)
                return _entity.Journal.FlushedAsync(written);
            MakeReady(held.Message);
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Moves the message to the dead-letter queue, with the reason and the description in its properties.</summary>
    /// <exception cref="SerializationException">A property is of a type that Service Bus doesn't carry.</exception>
    public ValueTask DeadLetterAsync(Guid lockToken, string? reason, string? description, IDictionary<string, object>? propertiesToModify = null)
    {
        if (this == _entity.DeadLetters)
            throw new InvalidOperationException("A message in a dead-letter queue can't be dead-lettered.");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(reason?.Length ?? 0, MessageLimits.DeadLetterTextLength, nameof(reason));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(description?.Length ?? 0, MessageLimits.DeadLetterTextLength, nameof(description));
        lock (_entity.Gate)
        {
            var held = Held(lockToken);
            var address = DeadLetter(held.Message, reason, description, propertiesToModify);
            Release(held);
            return _entity.Journal.FlushedAsync(address);
        }
    }

    /// <returns>Until when the message is locked now.</returns>
    public DateTimeOffset RenewLock(Guid lockToken)
    {
        lock (_entity.Gate)
        {
            var held = Held(lockToken);
            _locks.Renew(held, _time.GetUtcNow());
            return held.Until;
        }
    }

    /// <summary>With the gate held: the message can be received.</summary>
    public void MakeReady(QueuedMessage message)
    {
        message.State = MessageState.Ready;
        _ready.Add(message);
        _arrival?.SetResult();
        _arrival = null;
    }

    /// <summary>With the gate held: the message is free again, unless it was delivered too often.</summary>
    public void Return(QueuedMessage message)
    {
        if (IsExhausted(message))
            DeadLetterExhausted(message, propertiesToModify: null);
        else
            MakeReady(message);
    }

    public void Dispose() => _expiry.Dispose();

    private bool IsExhausted(QueuedMessage message) =>
        !message.IsDeadLetter && message.DeliveryCount >= _entity.Definition.MaxDeliveryCount;

    private DateTimeOffset? ExpireLocks(DateTimeOffset now)
    {
        while (_locks.TryTakeExpired(now, out var expired))
        {
            expired.Message.Lock = null;
            Return(expired.Message);
        }
        return _locks.NextExpiry;
    }

    private void Release(MessageLock held)
    {
        _locks.Release(held);
        held.Message.Lock = null;
    }

    private MessageLock Held(Guid lockToken) => _locks.TryGet(lockToken, _time.GetUtcNow(), out var held)
        ? held
        : throw new ServiceBusException(
            "The lock supplied is invalid. Either it has expired, or the message was already settled.", ServiceBusFailureReason.MessageLockLost, Path);

    // Reason and description are the service's own words.
    private JournalAddress DeadLetterExhausted(QueuedMessage message, IDictionary<string, object>? propertiesToModify) => DeadLetter(
        message, MaxDeliveryCountExceeded, $"Message could not be consumed after {_entity.Definition.MaxDeliveryCount} delivery attempts.", propertiesToModify);

    private JournalAddress DeadLetter(QueuedMessage message, string? reason, string? description, IDictionary<string, object>? propertiesToModify)
    {
        var changes = propertiesToModify is null ? [] : new Dictionary<string, object>(propertiesToModify, StringComparer.Ordinal);
        if (reason is not null)
            changes[ReceivedMessages.DeadLetterReasonProperty] = reason;
        if (description is not null)
            changes[ReceivedMessages.DeadLetterErrorDescriptionProperty] = description;
        return Rewrite(message, changes, isDeadLetter: true);
    }

    private JournalAddress Rewrite(QueuedMessage message, IEnumerable<KeyValuePair<string, object>> changes, bool isDeadLetter)
    {
        _store.Rewrite(message, changes, isDeadLetter);
        _entity.Arrive(message, message.Address);
        return message.Address;
    }

    private ServiceBusReceivedMessage? Read(Delivery delivery)
    {
        var bytes = new byte[delivery.Address.Length];
        if (!_entity.Journal.TryRead(delivery.Address, bytes))
        {
            // Compaction has moved it. With the gate held it stays where it is.
            lock (_entity.Gate)
            {
                if (delivery.Message.Lock?.Token != delivery.LockToken)
                    return null;
                bytes = _store.Read(delivery.Message);
            }
        }

        var header = StoredMessage.ReadHeader(bytes);
        var content = StoredMessage.ReadContent(bytes);
        return ReceivedMessages.Create(content, delivery.LockToken, delivery.LockedUntil, delivery.SequenceNumber, delivery.DeliveryCount, new DateTimeOffset(header.Enqueued, TimeSpan.Zero));
    }

    private sealed record Delivery(
        QueuedMessage Message, Guid LockToken, DateTimeOffset LockedUntil, JournalAddress Address, long SequenceNumber, int DeliveryCount);
}
