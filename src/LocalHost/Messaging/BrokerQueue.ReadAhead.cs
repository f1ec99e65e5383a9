namespace LocalHost.Messaging;

/// <content>Reading messages from disk before they are received.</content>
internal sealed partial class BrokerQueue
{
    // One reader at a time. Taken before the gate.
    private readonly Lock _reading = new();

    // Up to this position, delivery counts of an earlier run apply.
    private long _restoredUpTo;

    /// <summary>Reads the next messages if none is in memory. Returns false if there are none.</summary>
    public bool ReadAhead()
    {
        lock (_reading)
        {
            long from,
                to;
            lock (Entity.Gate)
            {
                if (_ready.Count > 0 || _ready.IsAllRead)
                {
                    return _ready.Count > 0;
                }

                (from, to) = (_ready.NextToRead, LastPosition);
            }

            var (messages, isEnd) = ReadRows(from, to);
            lock (Entity.Gate)
            {
                foreach (var message in messages)
                {
                    Add(message);
                }

                _ready.SetReadUpTo(isEnd ? to : messages[^1].Position, isEnd && to == LastPosition);
                return true;
            }
        }
    }

    private void Add(QueuedMessage message)
    {
        if (message.Content is null)
        {
            _ready.AddUnavailable(message);
            Entity.WarnUndecryptable(Path);
        }
        else if (IsExhausted(message))
        {
            _ready.AddUnavailable(message);
            DeadLetterExhausted(message);
        }
        else
        {
            _ready.Add(message);
        }
    }

    private (List<QueuedMessage> Messages, bool IsEnd) ReadRows(long from, long to)
    {
        var messages = new List<QueuedMessage>();
        var isEnd = false;
        var bytes = 0;
        using var rows = Entity.Database.Scan(
            Entity.Keys.Message(stackalloc byte[QueueKeys.MessageLength], Kind, from),
            Entity.Keys.Message(stackalloc byte[QueueKeys.MessageLength], Kind, to + 1)
        );
        while (messages.Count < Entity.Definition.ReadAhead && bytes < ReadyMessages.MaxReadAheadBytes)
        {
            if (!rows.MoveNext())
            {
                isEnd = true;
                break;
            }

            var stored = rows.Value;
            Entity.Cipher.TryDecrypt(stored, out var content);
            messages.Add(
                new(QueueKeys.ReadPosition(rows.Key)) { Content = content, DeliveryCount = StoredMessage.ReadHeader(stored).DeliveryCount }
            );
            bytes += stored.Length;
        }

        RestoreCounts(messages, from);
        return (messages, isEnd);
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
            Entity.Keys.Count(stackalloc byte[QueueKeys.MessageLength + 1], Kind, messages[^1].Position + 1)
        );
        while (rows.MoveNext())
        {
            counts.Add(QueueKeys.ReadPosition(rows.Key), QueueWriter.ReadCount(rows.Value));
        }

        foreach (var message in messages)
        {
            message.HasCountRow = counts.TryGetValue(message.Position, out var count);
            message.DeliveryCount = message.HasCountRow ? count : message.DeliveryCount + (message.Position <= _restoredUpTo ? 1 : 0);
        }
    }
}
