using System.Runtime.InteropServices;
using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <content>Receiving and peeking.</content>
internal sealed partial class BrokerQueue
{
    // Whether an operation is pending that will store ReceivedUpTo.
    private volatile bool _isCounting;

    /// <summary>Waits for messages, and locks up to <paramref name="max"/> of them in the order of the queue.</summary>
    /// <exception cref="StorageUnavailableException">The database can't be read or written.</exception>
    public async Task<IReadOnlyList<ReceivedMessage>> ReceiveAsync(int max, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task arrival;
            lock (Entity.Gate)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (_ready.Count == 0 && _ready.IsAllRead)
                {
                    _arrival ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                arrival = _arrival?.Task ?? Task.CompletedTask;
            }

            await arrival.WaitAsync(cancellationToken);
            if (Receive(max) is { Count: > 0 } received)
            {
                return received;
            }
        }
    }

    /// <summary>As <see cref="ReceiveAsync"/>, without waiting.</summary>
    public IReadOnlyList<ReceivedMessage> Receive(int max)
    {
        if (Entity.Database.LastError is { } error)
        {
            throw error;
        }

        var deliveries = new List<Delivery>();
        while (LockNext(max, deliveries) && deliveries.Count < max && ReadAhead()) { }

        var received = new List<ReceivedMessage>(deliveries.Count);
        foreach (var delivery in deliveries)
        {
            if (TryDecode(delivery) is { } message)
            {
                received.Add(message);
            }
        }

        return received;
    }

    /// <summary>The first message, locked or not, without receiving it; null if there is none.</summary>
    /// <exception cref="StorageUnavailableException">The database can't be read or written.</exception>
    public ReceivedMessage? Peek()
    {
        if (Entity.Database.LastError is { } error)
        {
            throw error;
        }

        long from,
            to;
        lock (Entity.Gate)
        {
            (from, to) = (_ready.Head, LastPosition);
        }

        using var rows = Entity.Database.Scan(
            Entity.Keys.Message(stackalloc byte[QueueKeys.MessageLength], Kind, from),
            Entity.Keys.Message(stackalloc byte[QueueKeys.MessageLength], Kind, to + 1)
        );
        return rows.MoveNext() && Entity.Cipher.TryDecrypt(rows.Value, out var message)
            ? ToReceived(message, default, default, StoredMessage.ReadHeader(message).DeliveryCount)
            : null;
    }

    /// <summary>Called on the writer thread, before it reads <see cref="ReceivedUpTo"/>.</summary>
    public void EndCounting() => _isCounting = false;

    /// <summary>Locks messages that are in memory.</summary>
    /// <returns>Whether more messages are on disk.</returns>
    private bool LockNext(int max, List<Delivery> deliveries)
    {
        lock (Entity.Gate)
        {
            var before = deliveries.Count;
            List<(long, int)> counts = [];
            while (deliveries.Count < max && _ready.TryReceive(out var message))
            {
                if (IsExhausted(message))
                {
                    DeadLetterExhausted(message);
                    continue;
                }

                message.DeliveryCount++;
                if (message.Position > ReceivedUpTo)
                {
                    // Stored once for all messages up to it.
                    ReceivedUpTo = message.Position;
                }
                else
                {
                    message.HasCountRow = true;
                    counts.Add((message.Position, message.DeliveryCount));
                }

                message.Lock = _locks.Acquire(message);
                deliveries.Add(new(message, message.Lock.Token, message.Lock.LockedUntil, message.Content, message.DeliveryCount));
                message.Content = null;
            }

            if (deliveries.Count > before)
            {
                _expiry.FireIn(_locks.NextExpiry);
                if (counts.Count > 0 || !_isCounting)
                {
                    _isCounting = true;
                    Entity.Database.Submit(new DeliveryCountOperation(this, counts));
                }
            }

            return !_ready.IsAllRead;
        }
    }

    private ReceivedMessage? TryDecode(Delivery delivery)
    {
        try
        {
            return Decode(delivery);
        }
        catch (StorageUnavailableException)
        {
            // The message is received again when the database can be read.
            lock (Entity.Gate)
            {
                if (_locks.TryGet(delivery.LockToken, out var messageLock))
                {
                    _locks.Release(messageLock);
                    Release(messageLock.Message);
                }
            }

            return null;
        }
    }

    private ReceivedMessage? Decode(Delivery delivery)
    {
        if (delivery.Content is not { } message)
        {
            // Null if the lock has expired and another receiver has completed the message.
            var stored = Entity.ReadMessage(Kind, delivery.Message.Position);
            if (stored is null || !Entity.Cipher.TryDecrypt(stored, out message))
            {
                return null;
            }
        }

        return ToReceived(message, delivery.LockToken, delivery.LockedUntil, delivery.DeliveryCount);
    }

    private static ReceivedMessage ToReceived(byte[] message, Guid lockToken, DateTimeOffset lockedUntil, int deliveryCount)
    {
        var header = StoredMessage.ReadHeader(message);
        var content = StoredMessage.ReadContent(message);
        return new ReceivedMessage
        {
            LockToken = lockToken,
            LockedUntil = lockedUntil,
            SequenceNumber = header.SequenceNumber,
            DeliveryCount = deliveryCount,
            EnqueuedTime = new DateTimeOffset(header.Enqueued, TimeSpan.Zero),
            MessageId = content.MessageId,
            ContentType = content.ContentType,
            Properties = content.Properties,
            Body = message.AsMemory(header.BodyStart),
        };
    }

    // Copies what may change once the gate is released.
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Delivery(
        QueuedMessage Message,
        Guid LockToken,
        DateTimeOffset LockedUntil,
        byte[]? Content,
        int DeliveryCount
    );
}
