using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Telemetry;

/// <summary>Tells the first failure of an outage from the others: one warning is enough. Callers try again, and each try would add the same.</summary>
internal sealed class Outage(TimeProvider time)
{
    /// <summary>An outage is over when nothing has failed for so long.</summary>
    public static readonly TimeSpan End = TimeSpan.FromMinutes(1);

    // A timestamp; 0 if nothing has failed yet.
    private long _failedAt;

    /// <summary>At which level to log a failure that happens now.</summary>
    public LogLevel NextLevel()
    {
        var now = time.GetTimestamp();
        var before = Interlocked.Exchange(ref _failedAt, now);
        return before == 0 || time.GetElapsedTime(before, now) >= End ? LogLevel.Warning : LogLevel.Debug;
    }
}
