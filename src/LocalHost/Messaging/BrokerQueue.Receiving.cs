using System.Runtime.InteropServices;
using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <content>Receiving messages, and reading them ahead from disk.</content>
internal sealed partial class BrokerQueue
{
    // One reader at a time. Taken before the gate.
    private readonly Lock _reading = new();

    // Whether an operation is under way that will store ReceivedUpTo.
    private volatile bool _isCounting;

    // Delivery counts of an earlier run count for messages up to here.
    private long _restoredUpTo;

    /// <summary>Waits until there is a message, and locks up to <paramref name="max"/>, those first that were sent first.</summary>
    /// <exception cref="StorageUnavailableException">The database can't be read or written.</exception>
    public async Task<IReadOnlyList<ReceivedMessage>> ReceiveAsync(int max, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task arrival;
            lock (Entity.Gate)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (_ready.Count == 0 && _ready.IsAllLoaded)
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
        while (Take(max, deliveries) && deliveries.Count < max && Read()) { }

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
            (from, to) = (_ready.Head, LastPlace);
        }

        using var rows = Entity.Database.Scan(
            Entity.Keys.Message(stackalloc byte[QueueKeys.MessageLength], Kind, from),
            Entity.Keys.Message(stackalloc byte[QueueKeys.MessageLength], Kind, to + 1)
        );
        return rows.MoveNext() && Entity.Cipher.TryDecrypt(rows.Value, out var message)
            ? ToReceived(message, default, default, StoredMessage.ReadHeader(message).DeliveryCount)
            : null;
    }

    /// <summary>With the gate held, after a start: continues where an earlier run has stopped.</summary>
    public void StartAt(long head, long receivedUpTo)
    {
        _ready.StartAt(Math.Max(head, 1));
        ReceivedUpTo = _restoredUpTo = receivedUpTo;
    }

    /// <summary>Called on the writer thread, before it reads <see cref="ReceivedUpTo"/>.</summary>
    public void EndCounting() => _isCounting = false;

    /// <summary>Reads the next messages from disk if none is in memory. False if there are none.</summary>
    public bool Read()
    {
        lock (_reading)
        {
            long from,
                to;
            lock (Entity.Gate)
            {
                if (_ready.Count > 0 || _ready.IsAllLoaded)
                {
                    return _ready.Count > 0;
                }

                (from, to) = (_ready.NextToLoad, LastPlace);
            }

            var (messages, isEnd) = ReadRows(from, to);
            lock (Entity.Gate)
            {
                foreach (var message in messages)
                {
                    Load(message);
                }

                _ready.LoadedUpTo(isEnd ? to : messages[^1].Place, isEnd && to == LastPlace);
                return true;
            }
        }
    }

    private void Load(QueuedMessage message)
    {
        if (message.Content is null)
        {
            SetAside(message);
        }
        else if (IsExhausted(message))
        {
            _ready.Hold(message);
            DeadLetterExhausted(message);
        }
        else
        {
            _ready.Load(message);
        }
    }

    private (List<QueuedMessage> Messages, bool IsEnd) ReadRows(long from, long to)
    {
        var messages = new List<QueuedMessage>();
        var bytes = 0;
        using var rows = Entity.Database.Scan(
            Entity.Keys.Message(stackalloc byte[QueueKeys.MessageLength], Kind, from),
            Entity.Keys.Message(stackalloc byte[QueueKeys.MessageLength], Kind, to + 1)
        );
        while (messages.Count < Entity.Definition.ReadAhead && bytes < ReadyMessages.MaxLoadedBytes)
        {
            if (!rows.MoveNext())
            {
                RestoreCounts(messages, from);
                return (messages, true);
            }

            var stored = rows.Value;
            Entity.Cipher.TryDecrypt(stored, out var content);
            messages.Add(
                new(QueueKeys.ReadPlace(rows.Key)) { Content = content, DeliveryCount = StoredMessage.ReadHeader(stored).DeliveryCount }
            );
            bytes += stored.Length;
        }

        RestoreCounts(messages, from);
        return (messages, false);
    }

    private void RestoreCounts(List<QueuedMessage> messages, long from)
    {
        if (messages.Count == 0 || from > _restoredUpTo)
        {
            return;
        }

        var counts = new Dictionary<long, int>();
        using var rows = Entity.Database.Scan(
            Entity.Keys.Count(stackalloc byte[QueueKeys.MessageLength + 1], Kind, from),
            Entity.Keys.Count(stackalloc byte[QueueKeys.MessageLength + 1], Kind, messages[^1].Place + 1)
        );
        while (rows.MoveNext())
        {
            counts.Add(QueueKeys.ReadPlace(rows.Key), QueueWriter.ReadCount(rows.Value));
        }

        foreach (var message in messages)
        {
            message.HasCountRow = counts.TryGetValue(message.Place, out var count);
            message.DeliveryCount = message.HasCountRow ? count : message.DeliveryCount + (message.Place <= _restoredUpTo ? 1 : 0);
        }
    }

    /// <returns>Whether there may be more.</returns>
    private bool Take(int max, List<Delivery> deliveries)
    {
        lock (Entity.Gate)
        {
            var before = deliveries.Count;
            List<(long, int)> counts = [];
            while (deliveries.Count < max && _ready.TryTake(out var message))
            {
                if (IsExhausted(message))
                {
                    DeadLetterExhausted(message);
                    continue;
                }

                message.DeliveryCount++;
                if (message.Place > ReceivedUpTo)
                {
                    // One row says it for all of them.
                    ReceivedUpTo = message.Place;
                }
                else
                {
                    message.HasCountRow = true;
                    counts.Add((message.Place, message.DeliveryCount));
                }

                message.Lock = _locks.Take(message);
                deliveries.Add(new(message, message.Lock.Token, message.Lock.Until, message.Content, message.DeliveryCount));
                message.Content = null;
            }

            if (deliveries.Count > before)
            {
                _expiry.RingIn(_locks.NextExpiry);
                if (counts.Count > 0 || !_isCounting)
                {
                    _isCounting = true;
                    Entity.Database.Submit(new CountOperation(this, counts));
                }
            }

            return !_ready.IsAllLoaded;
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
            // It comes again when the database can be read.
            if (Free(delivery) is { } message)
            {
                lock (Entity.Gate)
                {
                    Return(message);
                }
            }

            return null;
        }
    }

    private ReceivedMessage? Decode(Delivery delivery)
    {
        if (delivery.Content is not { } message)
        {
            // Null if its lock has expired, and another receiver has completed it.
            var stored = Entity.ReadMessage(Kind, delivery.Message.Place);
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

    /// <summary>Releases the lock of a delivery that nobody gets. Null if it has expired already.</summary>
    private QueuedMessage? Free(Delivery delivery)
    {
        lock (Entity.Gate)
        {
            if (!_locks.TryGet(delivery.LockToken, out var held))
            {
                return null;
            }

            _locks.Release(held);
            return held.Message;
        }
    }

    private void SetAside(QueuedMessage message)
    {
        _ready.Hold(message);
        Entity.WarnOfUnreadable(Path);
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Delivery(
        QueuedMessage Message,
        Guid LockToken,
        DateTimeOffset LockedUntil,
        byte[]? Content,
        int DeliveryCount
    );
}
