using System.Runtime.Serialization;
using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <content>Settling messages.</content>
/// <remarks>
/// A settlement completes when it is on disk. It throws a <see cref="LockLostException"/> if the lock is lost, and a
/// <see cref="StorageUnavailableException"/> if the disk is full or failing: the lock then remains, but the message may turn out to be
/// settled.
/// </remarks>
internal sealed partial class BrokerQueue
{
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

    private MessageLock GetLock(Guid lockToken) =>
        _locks.TryGet(lockToken, out var messageLock) ? messageLock
        : Entity.Database.LastError is { } error ? throw error
        : throw new LockLostException(Path);
}
