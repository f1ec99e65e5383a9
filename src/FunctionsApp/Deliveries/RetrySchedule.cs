namespace EventSubscriptions.Deliveries;

/// <summary>When to try again: waits after failed attempts, and back-off for what is put off. All waits vary by ±20 %, so that what failed together doesn't return together.</summary>
public sealed class RetrySchedule(IReadOnlyList<TimeSpan> waits)
{
    private const double Jitter = 0.2;
    private static readonly TimeSpan s_firstHold = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_longestHold = TimeSpan.FromMinutes(5);

    /// <summary>The wait after a failed attempt (from 1), or null where it was the last.</summary>
    public TimeSpan? WaitAfter(int attempt, Random random) =>
        attempt <= waits.Count ? Vary(waits[attempt - 1], random) : null;

    /// <summary>The wait before a delivery that was put off <paramref name="hold"/> times already is tried again: 5 s, doubling up to 5 min.</summary>
    public static TimeSpan HoldFor(int hold, Random random)
    {
        var doubled = s_firstHold * Math.Pow(2, Math.Min(hold, 16));
        return Vary(doubled < s_longestHold ? doubled : s_longestHold, random);
    }

    private static TimeSpan Vary(TimeSpan wait, Random random) => wait * (1 - Jitter + (2 * Jitter * random.NextDouble()));
}
