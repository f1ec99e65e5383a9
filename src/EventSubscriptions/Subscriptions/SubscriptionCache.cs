using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Subscriptions;

/// <summary>Subscriptions by id for deliveries, at most 5 s old: a change takes effect within that time.</summary>
public sealed class SubscriptionCache(SubscriptionStore store, TimeProvider time)
{
    /// <summary>How old a subscription may be that a delivery uses.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private const int Capacity = 20_000;

    private readonly ExpiringCache<(OrganizationId Organization, SubscriptionId Id), Subscription?> _cache = new(Lifetime, Capacity, time);

    /// <summary>The subscription as it was at most 5 s ago, or null where there is none.</summary>
    public ValueTask<Subscription?> GetAsync(OrganizationId organization, SubscriptionId id, CancellationToken cancellationToken) =>
        _cache.GetAsync((organization, id), store, static (key, store) => store.GetAsync(key.Organization, key.Id, CancellationToken.None), cancellationToken);

    /// <summary>The subscription as it is stored now, or null where there is none: for what must not be decided by an old version.</summary>
    public ValueTask<Subscription?> ReadAsync(OrganizationId organization, SubscriptionId id, CancellationToken cancellationToken)
    {
        Remove(organization, id);
        return GetAsync(organization, id, cancellationToken);
    }

    /// <summary>Forgets a subscription that this instance has changed, so that here the change takes effect at once.</summary>
    public void Remove(OrganizationId organization, SubscriptionId id) => _cache.Remove((organization, id));
}
