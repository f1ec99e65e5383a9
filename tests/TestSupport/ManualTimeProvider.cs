namespace TestSupport;

/// <summary>A clock that stands still until a test moves it. Timers fire on the thread that moves it, in the order in which they are due.</summary>
public sealed class ManualTimeProvider(DateTimeOffset start) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];
    private DateTimeOffset now = start.ToUniversalTime();
    private TimeSpan jumped;

    public ManualTimeProvider() : this(new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero)) { }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>Timers that are set and have not fired for the last time: what a test waits for before it moves the clock.</summary>
    public int PendingTimers
    {
        get { lock (gate) { return timers.Count; } }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate) { return now + jumped; }
    }

    public override long GetTimestamp()
    {
        lock (gate) { return now.Ticks; }
    }

    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        MoveTo(new DateTimeOffset(GetTimestamp(), TimeSpan.Zero) + by);
    }

    /// <summary>Sets the wall clock alone, as somebody does who sets it, or a machine that slept: timers and timestamps don't notice.</summary>
    public void Jump(TimeSpan by)
    {
        lock (gate) { jumped += by; }
    }

    /// <summary>Moves the clock. Back, too; timers then keep the times at which they are due.</summary>
    public void SetUtcNow(DateTimeOffset value) => MoveTo(value.ToUniversalTime() - jumped);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void MoveTo(DateTimeOffset target)
    {
        while (true)
        {
            ManualTimer due;
            lock (gate)
            {
                var next = timers.Where(timer => timer.Due <= target).MinBy(timer => timer.Due);
                if (next is null)
                {
                    now = target;
                    return;
                }

                due = next;
                now = due.Due > now ? due.Due : now;
                if (due.Period > TimeSpan.Zero)
                {
                    due.Due += due.Period;
                }
                else
                {
                    timers.Remove(due);
                }
            }

            due.Fire();
        }
    }

    private bool Set(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (gate)
        {
            timers.Remove(timer);
            if (timer.Disposed)
            {
                return false;
            }

            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                return true;
            }

            timer.Due = now + dueTime;
            timer.Period = period == Timeout.InfiniteTimeSpan ? TimeSpan.Zero : period;
            if (dueTime > TimeSpan.Zero)
            {
                timers.Add(timer);
                return true;
            }

            if (timer.Period > TimeSpan.Zero)
            {
                timer.Due += timer.Period;
                timers.Add(timer);
            }
        }

        ThreadPool.QueueUserWorkItem(static state => ((ManualTimer)state!).Fire(), timer);
        return true;
    }

    private void Remove(ManualTimer timer)
    {
        lock (gate)
        {
            timer.Disposed = true;
            timers.Remove(timer);
        }
    }

    private sealed class ManualTimer(ManualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset Due { get; set; }

        public TimeSpan Period { get; set; }

        public bool Disposed { get; set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => owner.Set(this, dueTime, period);

        public void Dispose() => owner.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
