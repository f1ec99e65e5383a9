using LocalHost.Storage;
using Microsoft.Extensions.Logging;

namespace LocalHost.Messaging;

/// <summary>A declared queue with its dead-letter queue: sending, scheduling, and what both share.</summary>
internal sealed partial class BrokerEntity : IDisposable
{
    private static readonly TimeSpan s_retryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_warningInterval = TimeSpan.FromHours(1);

    private readonly DuplicateHistory? _history;
    private readonly DueTimer _schedule;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HashSet<string> _warned = new(StringComparer.Ordinal);

    // UTC ticks.
    private long _nextDue = long.MaxValue;
    private bool _isActivating;
    private long? _historyWarningAt;

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

    /// <summary>Guards the state in memory of this queue and its dead-letter queue.</summary>
    public Lock Gate { get; } = new();

    public BrokerQueue Main { get; }

    public BrokerQueue DeadLetters { get; }

    public Database Database { get; }

    public QueueKeys Keys { get; }

    public BodyCipher Cipher { get; }

    public QueueWriter Writer { get; }

    /// <summary>
    /// The committed state. Read with the gate held or by the writer thread; set by the writer thread with the gate held.
    /// </summary>
    public QueueState State { get; set; }

    /// <summary>Whether scheduled messages are due but not active yet.</summary>
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

    /// <summary>The numbers of active, scheduled and dead-lettered messages.</summary>
    public (long Active, long Scheduled, long DeadLetters) Count()
    {
        lock (Gate)
        {
            return (State.Active, State.Scheduled, State.DeadLetters);
        }
    }

    /// <summary>Completes when the messages, except duplicates, are on disk.</summary>
    /// <returns>The sequence number of the last message.</returns>
    /// <exception cref="StorageUnavailableException">The disk is full or failing; all messages may be stored, or none.</exception>
    public async ValueTask<long> SendAsync(OutgoingBatch batch)
    {
        var operation = new SendOperation(this, batch);
        await Database.WriteAsync(operation);
        return operation.LastSequenceNumber;
    }

    /// <summary>Loads the state. Messages that were locked are available again.</summary>
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
            _schedule.FireIn(ActivateDue());
        }

        // Dead-letters messages whose last delivery ended in a crash, even if nobody receives.
        Main.ReadAhead();
    }

    public void Dispose()
    {
        _schedule.Dispose();
        Main.Dispose();
        DeadLetters.Dispose();
    }

    public byte[]? ReadMessage(byte kind, long position) =>
        Database.Get(Keys.Message(stackalloc byte[QueueKeys.MessageLength], kind, position));

    /// <summary>Copies the positions of both queues to a state that is about to be stored.</summary>
    public void CopyPositions(ref QueueState state)
    {
        lock (Gate)
        {
            (state.Head, state.ReceivedUpTo) = (Main.Head, Main.ReceivedUpTo);
            (state.DeadLetterHead, state.DeadLettersReceivedUpTo) = (DeadLetters.Head, DeadLetters.ReceivedUpTo);
        }
    }

    /// <summary>A message is scheduled for these UTC ticks. Call with the gate held.</summary>
    public void Schedule(long due)
    {
        if (due < _nextDue)
        {
            _nextDue = due;
            _schedule.FireIn(ActivateDue());
        }
    }

    /// <summary>Due messages were activated; the next is due at these UTC ticks. Call with the gate held.</summary>
    public void EndActivation(long nextDue)
    {
        _isActivating = false;
        _nextDue = nextDue;
        _schedule.FireIn(ActivateDue());
    }

    /// <summary>Due messages could not be activated. Call with the gate held.</summary>
    public void RetryActivation()
    {
        _isActivating = false;
        _schedule.FireIn(s_retryDelay);
    }

    /// <summary>Logs, once per queue, that messages can't be decrypted. Call with the gate held.</summary>
    public void WarnUndecryptable(string path)
    {
        if (_warned.Add(path))
        {
            Log.Undecryptable(_logger, path);
        }
    }

    /// <summary>Logs, at most once an hour, that message ids were removed before they expired.</summary>
    public void WarnHistoryFull()
    {
        var now = _time.GetTimestamp();
        if (_historyWarningAt is not { } before || _time.GetElapsedTime(before, now) >= s_warningInterval)
        {
            _historyWarningAt = now;
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
            LogLevel.Error,
            "Could not decrypt messages of the queue {Queue}. They stay in the queue. Add the key that encrypted them to Secrets__Keys and restart."
        )]
        public static partial void Undecryptable(ILogger logger, string queue);

        [LoggerMessage(
            LogLevel.Warning,
            "Duplicate detection of the queue {Queue} is at its limit of {Capacity} messages within {Window}. Duplicates of the oldest may be delivered."
        )]
        public static partial void HistoryFull(ILogger logger, string queue, int capacity, TimeSpan window);
    }
}
