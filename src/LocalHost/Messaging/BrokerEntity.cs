using LocalHost.Storage;
using Microsoft.Extensions.Logging;

namespace LocalHost.Messaging;

/// <summary>A declared queue: the messages, the way in, and the two queues from which they are received.</summary>
internal sealed partial class BrokerEntity : IDisposable
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WarningInterval = TimeSpan.FromHours(1);

    private readonly DuplicateHistory? _history;
    private readonly Alarm _schedule;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HashSet<string> _warned = new(StringComparer.Ordinal);

    // UTC ticks.
    private long _nextDue = long.MaxValue;
    private bool _isActivating;
    private long? _warnedOfHistoryAt;

    public BrokerEntity(
        QueueDefinition definition,
        ushort number,
        Database database,
        MessageCipher cipher,
        TimeProvider time,
        ILogger logger
    )
    {
        (Definition, Database, _time, _logger) = (definition, database, time, logger);
        Keys = new(number);
        Cipher = new(cipher, definition.Name);
        _history = definition.RequiresDuplicateDetection ? new(definition.DuplicateDetectionHistoryTimeWindow) : null;
        Writer = new(this, Keys, _history, time);
        Main = new(definition.Name, KeySpace.Messages, this, time);
        DeadLetters = new(definition.Name + "/" + BrokerQueue.DeadLetterSuffix, KeySpace.DeadLetters, this, time);
        _schedule = new(time, Gate, ActivateDue);
    }

    public QueueDefinition Definition { get; }

    /// <summary>Guards everything of this queue and of its dead-letter queue.</summary>
    public Lock Gate { get; } = new();

    public BrokerQueue Main { get; }

    public BrokerQueue DeadLetters { get; }

    public Database Database { get; }

    public QueueKeys Keys { get; }

    public BodyCipher Cipher { get; }

    public QueueWriter Writer { get; }

    /// <summary>
    /// The counts of what is on disk. Read with the gate held or by the writer thread, changed by the writer thread with the gate held.
    /// </summary>
    public QueueState State { get; set; }

    /// <summary>Whether scheduled messages are due that have not become receivable yet.</summary>
    public bool HasDueMessages
    {
        get
        {
            lock (Gate)
            {
                return _nextDue <= _time.GetUtcNow().UtcTicks;
            }
        }
    }

    /// <summary>How many messages are active, scheduled, and dead-lettered.</summary>
    public (long Active, long Scheduled, long DeadLetters) Count()
    {
        lock (Gate)
        {
            return (State.Active, State.Scheduled, State.DeadLetters);
        }
    }

    /// <summary>Completes when the messages are safely on disk: all of them but for duplicates.</summary>
    /// <returns>The sequence number of the last.</returns>
    /// <exception cref="StorageUnavailableException">The disk is full or fails: all of them may be stored, or none.</exception>
    public async ValueTask<long> SendAsync(OutgoingBatch batch)
    {
        var operation = new SendOperation(this, batch);
        await Database.WriteAsync(operation);
        return operation.LastSequenceNumber;
    }

    /// <summary>After opening: what was waiting waits again, and whatever was locked is free.</summary>
    public void Start()
    {
        if (Database.Get(Keys.State) is { } row)
        {
            State = QueueState.Read(row);
        }

        Writer.StartAt(State.HistoryHead);
        RestoreHistory();
        lock (Gate)
        {
            Main.StartAt(State.Head, State.ReceivedUpTo);
            DeadLetters.StartAt(State.DeadLetterHead, State.DeadLettersReceivedUpTo);
            _nextDue = ReadNextDue();
            _schedule.RingIn(ActivateDue());
        }

        // Those whose last delivery ended in a crash go to the dead letters also if nobody receives.
        Main.Read();
    }

    public void Dispose()
    {
        _schedule.Dispose();
        Main.Dispose();
        DeadLetters.Dispose();
    }

    public byte[]? ReadMessage(byte kind, long place) => Database.Get(Keys.Message(stackalloc byte[QueueKeys.MessageLength], kind, place));

    /// <summary>Where the two queues are, as it is to be stored.</summary>
    public void ReadPositions(ref QueueState state)
    {
        lock (Gate)
        {
            (state.Head, state.ReceivedUpTo) = (Main.Head, Main.ReceivedUpTo);
            (state.DeadLetterHead, state.DeadLettersReceivedUpTo) = (DeadLetters.Head, DeadLetters.ReceivedUpTo);
        }
    }

    /// <summary>With the gate held: a message is scheduled for these UTC ticks.</summary>
    public void Schedule(long due)
    {
        if (due < _nextDue)
        {
            _nextDue = due;
            _schedule.RingIn(ActivateDue());
        }
    }

    /// <summary>With the gate held: what was due has been activated, and the next is due then.</summary>
    public void EndActivation(long nextDue)
    {
        _isActivating = false;
        _nextDue = nextDue;
        _schedule.RingIn(ActivateDue());
    }

    /// <summary>With the gate held: what is due is still scheduled.</summary>
    public void FailActivation()
    {
        _isActivating = false;
        _schedule.RingIn(PauseAfterFailure);
    }

    /// <summary>With the gate held: some message of the queue does not decrypt.</summary>
    public void WarnOfUnreadable(string path)
    {
        if (_warned.Add(path))
        {
            Log.Unreadable(_logger, path);
        }
    }

    /// <summary>Message ids were forgotten too early.</summary>
    public void WarnOfFullHistory()
    {
        var now = _time.GetTimestamp();
        if (_warnedOfHistoryAt is not { } before || _time.GetElapsedTime(before, now) >= WarningInterval)
        {
            _warnedOfHistoryAt = now;
            Log.HistoryFull(_logger, Definition.Name, DuplicateHistory.DefaultCapacity, Definition.DuplicateDetectionHistoryTimeWindow);
        }
    }

    private TimeSpan? ActivateDue()
    {
        if (_isActivating || _nextDue == long.MaxValue)
        {
            return null;
        }

        var wait = TimeSpan.FromTicks(_nextDue - _time.GetUtcNow().UtcTicks);
        if (wait > TimeSpan.Zero)
        {
            return wait;
        }

        Database.Submit(new ActivateOperation(this), isUrgent: true);
        _isActivating = true;
        return null;
    }

    private long ReadNextDue()
    {
        using var scheduled = Database.Scan(
            Keys.Scheduled(stackalloc byte[QueueKeys.ScheduledLength], State.ScheduleHead),
            Keys.Scheduled(stackalloc byte[QueueKeys.ScheduledLength], new(long.MaxValue, long.MaxValue))
        );
        return scheduled.MoveNext() ? QueueKeys.ReadTicks(scheduled.Key) : long.MaxValue;
    }

    private void RestoreHistory()
    {
        if (_history is null)
        {
            return;
        }

        var now = _time.GetUtcNow();
        using var rows = Database.Scan(
            Keys.History(stackalloc byte[QueueKeys.HistoryLength], State.HistoryHead, 0),
            Keys.History(stackalloc byte[QueueKeys.HistoryLength], long.MaxValue, 0)
        );
        while (rows.MoveNext())
        {
            var ticks = QueueKeys.ReadTicks(rows.Key);
            if (_history.IsWithinWindow(ticks, now.UtcTicks))
            {
                for (var ids = rows.Value; ids.Length > 0; ids = ids[DuplicateKey.Length..])
                {
                    _history.Restore(DuplicateKey.Read(ids), ticks);
                }
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Error,
            "Queue {Queue} has messages that don't decrypt. They are left where they are. Start again with the key in Secrets__Keys that encrypted them."
        )]
        public static partial void Unreadable(ILogger logger, string queue);

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "Queue {Queue} accepted more than {Capacity} messages within {Window}. Duplicates of the oldest of them are no longer detected and may be delivered."
        )]
        public static partial void HistoryFull(ILogger logger, string queue, int capacity, TimeSpan window);
    }
}
