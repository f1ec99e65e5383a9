namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// A clock for durations within a process that never goes back. If the wall clock is set back it keeps running; if the wall clock is set
/// forward, or the machine slept, it follows. Thread-safe.
/// </summary>
internal sealed class MonotonicClock(TimeProvider time)
{
    /// <summary>Smaller differences come from clock adjustment and are ignored.</summary>
    private static readonly TimeSpan s_leap = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly DateTimeOffset _startTime = time.GetUtcNow();
    private TimeSpan _leaps;
    private TimeSpan _skipped;

    /// <summary>Creates timers, which are independent of the wall clock.</summary>
    public TimeProvider Timers => time;

    /// <summary>The current time.</summary>
    public DateTimeOffset Now
    {
        get
        {
            lock (_lock)
            {
                var elapsed = time.GetElapsedTime(_start);
                var leap = time.GetUtcNow() - _startTime - elapsed - _leaps;
                if (leap.Duration() > s_leap)
                {
                    _leaps += leap;
                    _skipped += leap > TimeSpan.Zero ? leap : TimeSpan.Zero;
                }

                return _startTime + elapsed + _skipped;
            }
        }
    }

    /// <summary>What the wall clock will show at a time of this clock.</summary>
    public DateTimeOffset ToWall(DateTimeOffset steady) => time.GetUtcNow() + (steady - Now);

    /// <summary>When the wall clock will show a time, unless it is set.</summary>
    public DateTimeOffset FromWall(DateTimeOffset wall) => Now + (wall - time.GetUtcNow());
}
