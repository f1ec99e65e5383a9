using System.Collections.Concurrent;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Subscriptions;

/// <summary>
/// Limits the subscriptions of an organization. They are counted when one is added and again after a minute, so that other instances may
/// exceed the limit by what they add in between.
/// </summary>
public sealed class SubscriptionLimit(SubscriptionStore store, LimitsOptions limits, TimeProvider time)
{
    private const int Capacity = 10_000;

    private static readonly TimeSpan s_freshness = TimeSpan.FromMinutes(1);

    /// <summary>How soon an organization above its limit is counted again.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<OrganizationId, Counter> _counters = new();

    /// <summary>The most subscriptions of an organization.</summary>
    public int Most => limits.SubscriptionsPerOrganization;

    /// <summary>Adds a subscription and returns it as stored, or null if the limit is reached.</summary>
    public async Task<Subscription?> TryAddAsync(
        OrganizationId organization,
        Func<Task<Subscription>> addAsync,
        CancellationToken cancellationToken
    )
    {
        var counter = CounterOf(organization);
        if (!await TryTakeAsync(counter, organization, cancellationToken))
        {
            return null;
        }

        try
        {
            return await addAsync();
        }
        catch
        {
            // It may be stored all the same.
            counter.Forget();
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref counter.Adding);
        }
    }

    /// <summary>A subscription of the organization was deleted.</summary>
    public void Deleted(OrganizationId organization) => CounterOf(organization).Forget();

    private async Task<bool> TryTakeAsync(Counter counter, OrganizationId organization, CancellationToken cancellationToken)
    {
        await counter.Gate.WaitAsync(cancellationToken);
        try
        {
            if (counter.Age(time) is not { } age || age >= s_freshness || (counter.Count >= Most && age >= s_patience))
            {
                // Those that are being added may be stored already, and count twice until the next count.
                counter.Begin(time);
                counter.Count = Volatile.Read(ref counter.Adding) + await store.CountAsync(organization, cancellationToken);
            }

            if (counter.Count >= Most)
            {
                return false;
            }

            counter.Count++;
            Interlocked.Increment(ref counter.Adding);
            return true;
        }
        finally
        {
            counter.Gate.Release();
        }
    }

    private Counter CounterOf(OrganizationId organization)
    {
        // Starting over costs one count each, and happens rarely.
        if (_counters.Count >= Capacity)
        {
            _counters.Clear();
        }

        return _counters.GetOrAdd(organization, static _ => new Counter());
    }

    private sealed class Counter
    {
        /// <summary>How many are being added.</summary>
        public int Adding;

        private long _countedAt;
        private volatile bool _isKnown;

        public SemaphoreSlim Gate { get; } = new(1);

        /// <summary>How many there are, including those that are being added.</summary>
        public int Count { get; set; }

        public TimeSpan? Age(TimeProvider time) => _isKnown ? time.GetElapsedTime(_countedAt) : null;

        public void Begin(TimeProvider time)
        {
            _countedAt = time.GetTimestamp();
            _isKnown = true;
        }

        public void Forget() => _isKnown = false;
    }
}
