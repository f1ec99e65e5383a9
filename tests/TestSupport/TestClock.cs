using Microsoft.Extensions.Time.Testing;

namespace TestSupport;

/// <summary>
/// A clock that a test moves, and that knows how many timers wait for it: what a test waits for before it moves the clock.
/// </summary>
public sealed class TestClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private int _pendingTimers;
    private TimeSpan _jumped;

    public TestClock()
        : this(new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero)) { }

    /// <summary>Timers that are set and have not fired for the last time.</summary>
    public int PendingTimers => Volatile.Read(ref _pendingTimers);

    /// <summary>Sets the clock forward or back, as a person or a time server does: timers and timestamps know nothing of it.</summary>
    public void Jump(TimeSpan by) => _jumped += by;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _jumped;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    public new void SetUtcNow(DateTimeOffset value) => base.SetUtcNow(value - _jumped);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new CountedTimer(this, callback);
        timer.Inner = base.CreateTimer(timer.Fire, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class CountedTimer(TestClock clock, TimerCallback callback) : ITimer
    {
        private readonly Lock _gate = new();
        private int _isPending;
        private bool _isPeriodic;

        public ITimer Inner { get; set; } = null!;

        public void Fire(object? state)
        {
            lock (_gate)
            {
                SetPending(_isPeriodic);
            }

            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            // Who sees the timer pending may move the clock at once: it must be set by then, and have fired no sooner.
            lock (_gate)
            {
                _isPeriodic = period > TimeSpan.Zero;
                var changed = Inner.Change(dueTime, period);
                SetPending(dueTime > TimeSpan.Zero || (dueTime == TimeSpan.Zero && _isPeriodic));
                return changed;
            }
        }

        public void Dispose()
        {
            SetPending(false);
            Inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            SetPending(false);
            return Inner.DisposeAsync();
        }

        private void SetPending(bool value) =>
            Interlocked.Add(ref clock._pendingTimers, (value ? 1 : 0) - Interlocked.Exchange(ref _isPending, value ? 1 : 0));
    }
}
