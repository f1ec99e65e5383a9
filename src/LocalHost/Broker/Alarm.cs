namespace LocalHost.Messaging;

/// <summary>A timer for the first of many things to come. Used and rung with the gate held.</summary>
/// <param name="ring">Does what is due now and says when the next thing is.</param>
internal sealed class Alarm : IDisposable
{
    // Longer waits are taken in steps: timers have a limit.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly TimeProvider _time;
    private readonly Lock _gate;
    private readonly Func<DateTimeOffset, DateTimeOffset?> _ring;
    private readonly ITimer _timer;
    private DateTimeOffset _due = DateTimeOffset.MaxValue;
    private bool _disposed;

    public Alarm(TimeProvider time, Lock gate, Func<DateTimeOffset, DateTimeOffset?> ring)
    {
        _time = time;
        _gate = gate;
        _ring = ring;
        _timer = time.CreateTimer(static alarm => ((Alarm)alarm!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Rings at this time at the latest.</summary>
    public void RingAt(DateTimeOffset? due)
    {
        if (_disposed || due is not { } time || time >= _due)
            return;
        _due = time;
        var wait = time - _time.GetUtcNow();
        // Whole milliseconds, rounded up: a timer that fires a fraction early would find nothing to do.
        wait = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Clamp(wait.TotalMilliseconds, 0, LongestWait.TotalMilliseconds)));
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        lock (_gate)
            _disposed = true;
        _timer.Dispose();
    }

    private void Ring()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _due = DateTimeOffset.MaxValue;
            try
            {
                RingAt(_ring(_time.GetUtcNow()));
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException)
            {
                // The journal has failed or is closed, and has said so; nothing can happen in this queue any more.
                _disposed = true;
            }
        }
    }
}
