using LocalHost.Journaling;

namespace LocalHost.Messaging;

/// <summary>A declared queue: the messages, the way in, and the two queues from which they are received.</summary>
internal sealed class BrokerEntity : IDisposable
{
    // How many scheduled messages are activated before others get their turn.
    private const int ActivationStep = 1000;

    private readonly Journal _journal;
    private readonly QueueStore _store;
    private readonly Queue<(QueuedMessage Message, long Offset)> _arriving = new();
    private readonly Alarm _schedule;

    public BrokerEntity(QueueDefinition definition, Journal journal, TimeProvider time, uint key)
    {
        _journal = journal;
        _store = new(definition, journal, time, key);
        Key = key;
        Definition = definition;
        DeadLetters = new(definition.Name + "/" + BrokerQueue.DeadLetterSuffix, this, _store, time);
        Main = new(definition.Name, this, _store, time);
        _schedule = new(time, Gate, Activate);
    }

    public uint Key { get; }

    public QueueDefinition Definition { get; }

    /// <summary>Guards everything of this queue and of its dead-letter queue.</summary>
    public Lock Gate { get; } = new();

    public BrokerQueue Main { get; }

    public BrokerQueue DeadLetters { get; }

    public Journal Journal => _journal;

    public long LiveBytes => _store.LiveBytes;

    /// <summary>How many messages wait to be received or are under way, wait for their time, and were given up.</summary>
    public (int Active, int Scheduled, int DeadLetters) Count()
    {
        lock (Gate)
        {
            var givenUp = DeadLetters.ReadyCount + DeadLetters.LockedCount;
            return (_store.Messages.Count - _store.ScheduledCount - givenUp, _store.ScheduledCount, givenUp);
        }
    }

    /// <summary>Completes when the messages are safely on disk: all of them or, where it fails, perhaps none.</summary>
    /// <returns>The sequence number of the last.</returns>
    public async ValueTask<long> SendAsync(OutgoingBatch batch)
    {
        EnqueueResult result;
        long last;
        lock (Gate)
        {
            result = _store.Enqueue(batch);
            last = _store.LastSequenceNumber;
            foreach (var message in result.Added)
            {
                if (message.State == MessageState.Arriving)
                    Arrive(message, message.Address);
            }
            _schedule.RingAt(_store.NextDue);
        }

        // A duplicate is as good as sent only when its forerunner is safe, which may be on its way still.
        if (result.HasDuplicates)
            await _journal.FlushedAsync();
        else if (result.Added.Count > 0)
            await _journal.FlushedAsync(result.Added[^1].Address);
        return last;
    }

    /// <summary>With the gate held: the message can be received once what lies at this address is on disk.</summary>
    public void Arrive(QueuedMessage message, JournalAddress address) => _arriving.Enqueue((message, address.Offset));

    public void OnFlushed(long position)
    {
        lock (Gate)
        {
            while (_arriving.TryPeek(out var next) && next.Offset < position)
                MakeReady(_arriving.Dequeue().Message);
        }
    }

    public void Replay(QueueRecord type, JournalAddress address, ReadOnlySpan<byte> record) => _store.Replay(type, address, record);

    public void Relocate(QueueRecord type, JournalAddress address, ReadOnlySpan<byte> record)
    {
        lock (Gate)
            _store.Relocate(type, address, record);
    }

    /// <summary>After the replay: what was waiting waits again, and whatever was locked is free.</summary>
    public void Start()
    {
        lock (Gate)
        {
            _store.EndReplay();
            var waiting = _store.Messages.Where(message => message.State != MessageState.Scheduled).ToArray();
            Array.Sort(waiting, (a, b) => a.SequenceNumber.CompareTo(b.SequenceNumber));
            foreach (var message in waiting)
            {
                if (message.IsDeadLetter)
                    DeadLetters.Return(message);
                else
                    Main.Return(message);
            }
            _schedule.RingAt(_store.NextDue);
        }
    }

    public void Dispose()
    {
        _schedule.Dispose();
        Main.Dispose();
        DeadLetters.Dispose();
    }

    private void MakeReady(QueuedMessage message) => (message.IsDeadLetter ? DeadLetters : Main).MakeReady(message);

    private DateTimeOffset? Activate(DateTimeOffset now)
    {
        foreach (var message in _store.Activate(now, ActivationStep))
            Arrive(message, _store.ActivatedAt);
        return _store.NextDue;
    }
}
