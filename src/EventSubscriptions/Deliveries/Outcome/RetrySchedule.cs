using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>
/// The delays after failed attempts, ±20 % so that what failed together isn't retried together.
/// <see cref="DeliveriesOptions.DefaultRetrySchedule"/> has the default delays.
/// </summary>
public sealed class RetrySchedule(IReadOnlyList<TimeSpan> waits)
{
    private const double Jitter = SubscriptionRules.RetryJitter;

    /// <summary>Whether an attempt (from 1) is the last.</summary>
    public bool IsLast(int attempt) => attempt > waits.Count;

    /// <summary>The delay after a failed attempt (from 1), or null if it was the last.</summary>
    public TimeSpan? WaitAfter(int attempt, Random random) =>
        IsLast(attempt) ? null : waits[attempt - 1] * (1 - Jitter + (2 * Jitter * random.NextDouble()));
}
