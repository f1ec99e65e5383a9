using Azure.Messaging.ServiceBus;
using LocalHost.Journaling;

namespace LocalHost.Messaging;

/// <summary>
/// A queue's messages, those in its dead-letter queue included: an index in memory, and the journal that has the rest. Used with the queue's
/// gate held, so that memory and journal change in the same order.
/// </summary>
internal sealed partial class QueueStore(QueueDefinition definition, Journal journal, TimeProvider time, uint queueKey)
{
    // What a message's record takes beside the message, and what a message id takes in the journal once its message is gone.
    private const int RecordOverhead = RecordFormat.HeaderLength + QueueLog.HeaderLength;
    private const int HistoryLength = RecordOverhead + DuplicateKey.Length + sizeof(long);

    private readonly QueueLog _log = new(journal, queueKey);
    private readonly Dictionary<long, QueuedMessage> _messages = [];
    private readonly PriorityQueue<QueuedMessage, (long Due, long Id)> _scheduled = new();
    private readonly DuplicateHistory? _history =
        definition.RequiresDuplicateDetection ? new(definition.DuplicateDetectionHistoryTimeWindow) : null;

    private long _lastSequenceNumber;
    private long _messageBytes;
    private long _liveBytes;

    public IReadOnlyCollection<QueuedMessage> Messages => _messages.Values;

    public int ScheduledCount => _scheduled.Count;

    public DateTimeOffset? NextDue => _scheduled.TryPeek(out _, out var next) ? new DateTimeOffset(next.Due, TimeSpan.Zero) : null;

    /// <summary>Read by anyone.</summary>
    public long LiveBytes => Volatile.Read(ref _liveBytes);

    public long LastSequenceNumber => _lastSequenceNumber;

    /// <summary>Adds the messages that aren't duplicates.</summary>
    public EnqueueResult Enqueue(OutgoingBatch batch)
    {
        var now = time.GetUtcNow();
        var accepted = batch.Messages;
        var bytes = batch.Bytes;
        if (RememberAndFindDuplicates(batch, now) is { } duplicates)
            (accepted, bytes) = Without(duplicates, batch);
        if (accepted.Count == 0)
            return new([], batch.Messages.Count > 0);

        var added = new QueuedMessage[accepted.Count];
        for (var i = 0; i < added.Length; i++)
        {
            var (start, length, _, due) = accepted[i];
            var isScheduled = due > now.UtcTicks;
            var id = ++_lastSequenceNumber;
            added[i] = new() { Id = id, SequenceNumber = id, State = isScheduled ? MessageState.Scheduled : MessageState.Arriving };
            StoredMessage.WriteHeader(
                bytes.Slice(start, length), new(id, id, isScheduled, IsDeadLetter: false, 0, isScheduled ? due : now.UtcTicks, now.UtcTicks));
        }

        var address = _log.AppendMessages(bytes);
        for (var i = 0; i < added.Length; i++)
        {
            var (start, length, _, due) = accepted[i];
            Index(added[i], address.Slice(QueueLog.HeaderLength + start, length));
            if (added[i].State == MessageState.Scheduled)
                _scheduled.Enqueue(added[i], (due, added[i].Id));
        }
        return new(added, accepted.Count < batch.Messages.Count);
    }

    /// <summary>Scheduled messages that are due, at most <paramref name="max"/>, with new places at the queue's end.</summary>
    public IReadOnlyList<QueuedMessage> Activate(DateTimeOffset now, int max)
    {
        var due = new List<QueuedMessage>();
        while (due.Count < max && _scheduled.TryPeek(out _, out var next) && next.Due <= now.UtcTicks)
            due.Add(_scheduled.Dequeue());
        if (due.Count == 0)
            return [];

        var pairs = new long[due.Count * 2];
        for (var i = 0; i < due.Count; i++)
        {
            due[i].SequenceNumber = ++_lastSequenceNumber;
            due[i].State = MessageState.Arriving;
            (pairs[2 * i], pairs[(2 * i) + 1]) = (due[i].Id, due[i].SequenceNumber);
        }
        ActivatedAt = _log.Append(QueueRecord.Activated, pairs);
        return due;
    }

    /// <summary>Where the last activation was recorded.</summary>
    public JournalAddress ActivatedAt { get; private set; }

    /// <summary>Counts a delivery of each.</summary>
    public void Receive(IReadOnlyList<QueuedMessage> messages)
    {
        var ids = new long[messages.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            messages[i].DeliveryCount++;
            ids[i] = messages[i].Id;
        }
        _log.Append(QueueRecord.Received, ids);
    }

    public JournalAddress Remove(QueuedMessage message)
    {
        var address = _log.Append(QueueRecord.Completed, message.Id);
        message.State = MessageState.Gone;
        _messages.Remove(message.Id);
        ChangeMessageBytes(-(message.Address.Length + RecordOverhead));
        return address;
    }

    /// <summary>Writes a message again with other properties, and perhaps to the dead-letter queue.</summary>
    public void Rewrite(QueuedMessage message, IEnumerable<KeyValuePair<string, object>> changes, bool isDeadLetter)
    {
        var stored = Read(message);
        var header = StoredMessage.ReadHeader(stored);
        var content = StoredMessage.ReadContent(stored);
        foreach (var (name, value) in changes)
            content.Properties[name] = value;

        using var writer = new ByteWriter(stored.Length + 512);
        StoredMessage.Write(writer, content.MessageId, content.ContentType, content.Properties, content.Body);
        message.IsDeadLetter = isDeadLetter;
        message.State = MessageState.Arriving;
        Append(message, writer.Written, header);
    }

    /// <summary>The message's bytes, from wherever they are now.</summary>
    public byte[] Read(QueuedMessage message)
    {
        var bytes = new byte[message.Address.Length];
        if (!journal.TryRead(message.Address, bytes))
            throw new InvalidDataException($"Message {message.SequenceNumber} of queue {definition.Name} is not where the index says.");
        return bytes;
    }

    private void Append(QueuedMessage message, Span<byte> bytes, StoredHeader before)
    {
        var isScheduled = message.State == MessageState.Scheduled;
        StoredMessage.WriteHeader(
            bytes, new(message.Id, message.SequenceNumber, isScheduled, message.IsDeadLetter, message.DeliveryCount, before.Enqueued, before.Sent));
        Index(message, _log.AppendMessages(bytes).Slice(QueueLog.HeaderLength, bytes.Length));
    }

    private void Index(QueuedMessage message, JournalAddress address)
    {
        var before = _messages.TryAdd(message.Id, message) ? 0 : message.Address.Length + RecordOverhead;
        message.Address = address;
        ChangeMessageBytes(address.Length + RecordOverhead - before);
    }

    private void ChangeMessageBytes(int change)
    {
        _messageBytes += change;
        Volatile.Write(ref _liveBytes, _messageBytes + ((_history?.Count ?? 0) * HistoryLength));
    }

    private HashSet<OutgoingMessage>? RememberAndFindDuplicates(OutgoingBatch batch, DateTimeOffset now)
    {
        HashSet<OutgoingMessage>? duplicates = null;
        if (_history is null)
            return null;
        foreach (var message in batch.Messages)
        {
            if (message.Key is { } key && !_history.TryAdd(key, now))
                (duplicates ??= []).Add(message);
        }
        return duplicates;
    }

    private static (IReadOnlyList<OutgoingMessage> Accepted, byte[] Bytes) Without(HashSet<OutgoingMessage> duplicates, OutgoingBatch batch)
    {
        var accepted = new List<OutgoingMessage>();
        using var bytes = new ByteWriter();
        foreach (var message in batch.Messages)
        {
            if (duplicates.Contains(message))
                continue;
            accepted.Add(message with { Start = bytes.Length });
            bytes.Write(batch.Bytes.Slice(message.Start, message.Length));
        }
        return (accepted, bytes.Written.ToArray());
    }
}

/// <param name="Added">Those that weren't duplicates.</param>
internal readonly record struct EnqueueResult(IReadOnlyList<QueuedMessage> Added, bool HasDuplicates);
