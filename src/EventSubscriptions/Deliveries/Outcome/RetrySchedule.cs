namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>The waits after failed attempts. Each varies by ±20 %, so that what failed together doesn't return together.</summary>
public sealed class RetrySchedule(IReadOnlyList<TimeSpan> waits)
{
    /// <summary>How much longer a wait may be than the schedule says.</summary>
    internal const double MaxJitter = 1 + Jitter;

    private const double Jitter = 0.2;

    /// <summary>Whether no attempt follows the one of this number, from 1.</summary>
    public bool IsLast(int attempt) => attempt > waits.Count;

    /// <summary>The wait after a failed attempt (from 1), or null where it was the last.</summary>
    public TimeSpan? WaitAfter(int attempt, Random random) =>
        IsLast(attempt) ? null : waits[attempt - 1] * (1 - Jitter + (2 * Jitter * random.NextDouble()));
}
