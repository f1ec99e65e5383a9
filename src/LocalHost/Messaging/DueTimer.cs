namespace LocalHost.Messaging;

/// <summary>A timer that fires at the earliest of many due times. Callers hold the gate; the callback runs with it held.</summary>
internal sealed class DueTimer : IDisposable
{
    // The longest delay that a changed clock or a suspended machine can cause.
    private static readonly TimeSpan s_maxWait = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time;
    private readonly Lock _gate;
    private readonly Func<TimeSpan?> _callback;
    private readonly ITimer _timer;

    // A timestamp, which is independent of the wall clock.
    private long _due = long.MaxValue;
    private bool _disposed;

    /// <param name="time">The clock.</param>
    /// <param name="gate">The lock to hold while the callback runs.</param>
    /// <param name="callback">Handles what is due, and returns the time until the next.</param>
    public DueTimer(TimeProvider time, Lock gate, Func<TimeSpan?> callback)
    {
        _time = time;
        _gate = gate;
        _callback = callback;
        _timer = time.CreateTimer(static timer => ((DueTimer)timer!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ensures that the timer fires within this time. Null has no effect.</summary>
    public void FireIn(TimeSpan? time)
    {
        if (_disposed || time is not { } wait)
        {
            return;
        }

        // Whole milliseconds, rounded up: a timer that fires a fraction early would find nothing due.
        wait = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Clamp(wait.TotalMilliseconds, 0, s_maxWait.TotalMilliseconds)));
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

    private void Fire()
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
                FireIn(_callback());
            }
            catch (ObjectDisposedException)
            {
                // The database is closed, so the queue can't change any more.
                _disposed = true;
            }
        }
    }
}
