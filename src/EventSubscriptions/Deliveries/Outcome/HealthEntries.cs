using System.Collections.Concurrent;
using EventSubscriptions.Audit;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>The health of subscriptions as this instance knows it.</summary>
public sealed class HealthEntries(SubscriptionHealthStore store, TimeProvider time)
{
    private const int Capacity = 20_000;

    private readonly ConcurrentDictionary<SubscriptionId, HealthEntry> _entries = new();

    /// <summary>All entries, in no order.</summary>
    internal IEnumerable<HealthEntry> All => _entries.Select(pair => pair.Value);

    /// <summary>The entry of a subscription, which the first call creates.</summary>
    internal HealthEntry Of(Subscription subscription)
    {
        if (_entries.TryGetValue(subscription.Id, out var entry))
        {
            return entry;
        }

        // Starting over costs one read each, and happens rarely.
        if (_entries.Count >= Capacity)
        {
            _entries.Clear();
        }

        return _entries.GetOrAdd(subscription.Id, static (_, subscription) => new HealthEntry(subscription), subscription);
    }

    /// <summary>Reads the health of a subscription.</summary>
    /// <param name="uncounted">The failures that are not in the row yet.</param>
    internal async Task<KnownHealth> LoadAsync(Subscription subscription, int uncounted, CancellationToken cancellationToken)
    {
        // The age counts from before the read, since the row can't be older.
        var at = time.GetTimestamp();
        var health = await store.GetAsync(subscription.OrganizationId, subscription.Id, cancellationToken);
        return new KnownHealth(health, health.IsFailing ? uncounted : 0, subscription.ETag, at);
    }
}

/// <param name="Health">As read or written.</param>
/// <param name="Uncounted">The failures since then.</param>
/// <param name="Version">The subscription's version at that time.</param>
/// <param name="At">That time.</param>
internal sealed record KnownHealth(SubscriptionHealth Health, int Uncounted, Azure.ETag Version, long At)
{
    /// <summary>The health with the failures since then.</summary>
    public SubscriptionHealth Current => Health with { Failures = Health.Failures + Uncounted };
}

/// <summary>A subscription whose deliveries this instance makes.</summary>
internal sealed class HealthEntry(Subscription subscription)
{
    /// <summary>As it was when the entry was made: only its ids are certain.</summary>
    public Subscription Subscription { get; } = subscription;

    public SemaphoreSlim Gate { get; } = new(1);

    public KnownHealth? Known { get; set; }

    /// <summary>Whether the row may have operational events that are not published, although its health is not known here.</summary>
    public bool MayHaveOutbox { get; set; }

    /// <summary>Why the last failed attempt failed.</summary>
    public AuditError? LastError { get; set; }

    /// <summary>When it was last logged that deliveries fail, or null.</summary>
    public long? LoggedAt { get; set; }

    /// <summary>Whether it was logged that deliveries fail, and not yet that they have recovered. Another instance may have.</summary>
    public bool IsLogged { get; set; } = true;
}
