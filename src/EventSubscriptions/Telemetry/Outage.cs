using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Telemetry;

/// <summary>
/// Tells the first failure of an outage from the others, so that it is logged once: callers retry, and each retry would log the same.
/// </summary>
internal sealed class Outage(TimeProvider time)
{
    /// <summary>An outage is over after this time without a failure.</summary>
    public static readonly TimeSpan End = TimeSpan.FromMinutes(1);

    // A timestamp; 0 if nothing has failed yet.
    private long _failedAt;

    /// <summary>The level at which to log a failure that happens now.</summary>
    public LogLevel NextLevel()
    {
        var now = time.GetTimestamp();
        var before = Interlocked.Exchange(ref _failedAt, now);
        return before == 0 || time.GetElapsedTime(before, now) >= End ? LogLevel.Warning : LogLevel.Debug;
    }
}
