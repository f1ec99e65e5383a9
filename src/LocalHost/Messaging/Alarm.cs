namespace LocalHost.Messaging;

/// <summary>A timer for the earliest of many due times. Used, and fired, with the gate held.</summary>
internal sealed class Alarm : IDisposable
{
    // The clock is checked this often, so that a changed clock or a machine that slept delays nothing by more.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time;
    private readonly Lock _gate;
    private readonly Func<TimeSpan?> _ring;
    private readonly ITimer _timer;

    // A timestamp, which is independent of the wall clock.
    private long _due = long.MaxValue;
    private bool _disposed;

    public Alarm(TimeProvider time, Lock gate, Func<TimeSpan?> ring)
    {
        _time = time;
        _gate = gate;
        _ring = ring;
        _timer = time.CreateTimer(static alarm => ((Alarm)alarm!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Rings after this time at the latest.</summary>
    public void RingIn(TimeSpan? time)
    {
        if (_disposed || time is not { } wait)
        {
            return;
        }

        // Whole milliseconds, rounded up: a timer that fires a fraction early would find nothing to do.
        wait = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Clamp(wait.TotalMilliseconds, 0, LongestWait.TotalMilliseconds)));
        var due = _time.GetTimestamp() + (long)(wait.TotalSeconds * _time.TimestampFrequency);
        if (due < _due)
        {
            _due = due;
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        _timer.Dispose();
    }

    private void Ring()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _due = long.MaxValue;
            try
            {
                RingIn(_ring());
            }
            catch (ObjectDisposedException)
            {
                // The database is closed: nothing can happen in this queue any more.
                _disposed = true;
            }
        }
    }
}
