namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// The time, for what counts from one moment to another within a process: it never goes back. When the wall clock is set back it goes on, and
/// when the wall clock is set forward, or the machine slept, it follows. Thread-safe.
/// </summary>
internal sealed class MonotonicClock(TimeProvider time)
{
    /// <summary>A smaller difference is corrected by adjusting the clock's pace, which is left alone.</summary>
    private static readonly TimeSpan s_leap = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly DateTimeOffset _startTime = time.GetUtcNow();
    private TimeSpan _leaps;
    private TimeSpan _skipped;

    /// <summary>Makes timers. They know nothing of the wall clock.</summary>
    public TimeProvider Timers => time;

    /// <summary>The present.</summary>
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

    /// <summary>What the wall clock will show then.</summary>
    public DateTimeOffset ToWall(DateTimeOffset steady) => time.GetUtcNow() + (steady - Now);

    /// <summary>When the wall clock will show that, unless it is set.</summary>
    public DateTimeOffset FromWall(DateTimeOffset wall) => Now + (wall - time.GetUtcNow());
}
