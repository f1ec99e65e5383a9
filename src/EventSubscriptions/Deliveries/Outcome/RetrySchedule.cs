namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>The delays after failed attempts, ±20 % so that what failed together doesn't return together.</summary>
public sealed class RetrySchedule(IReadOnlyList<TimeSpan> waits)
{
    /// <summary>How much longer than scheduled a delay may be.</summary>
    internal const double MaxJitter = 1 + Jitter;

    private const double Jitter = 0.2;

    /// <summary>Whether an attempt (from 1) is the last.</summary>
    public bool IsLast(int attempt) => attempt > waits.Count;

    /// <summary>The delay after a failed attempt (from 1), or null if it was the last.</summary>
    public TimeSpan? WaitAfter(int attempt, Random random) =>
        IsLast(attempt) ? null : waits[attempt - 1] * (1 - Jitter + (2 * Jitter * random.NextDouble()));
}
