using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Subscriptions;

/// <summary>Caches subscriptions by id for deliveries, for at most 5 s: a change takes effect within that time.</summary>
public sealed class SubscriptionCache(SubscriptionStore store, TimeProvider time)
{
    /// <summary>How old a cached subscription may be.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private const int Capacity = 20_000;

    private readonly ExpiringCache<(OrganizationId Organization, SubscriptionId Id), Subscription?> _cache = new(Lifetime, Capacity, time);

    /// <summary>The subscription, at most 5 s old, or null if it doesn't exist.</summary>
    public ValueTask<Subscription?> GetAsync(OrganizationId organization, SubscriptionId id, CancellationToken cancellationToken) =>
        _cache.GetAsync(
            (organization, id),
            store,
            static (key, store) => store.GetAsync(key.Organization, key.Id, CancellationToken.None),
            cancellationToken
        );

    /// <summary>
    /// The subscription as it is stored now, or null if it doesn't exist. For decisions that an outdated version must not make.
    /// </summary>
    public ValueTask<Subscription?> ReadAsync(OrganizationId organization, SubscriptionId id, CancellationToken cancellationToken)
    {
        Remove(organization, id);
        return GetAsync(organization, id, cancellationToken);
    }

    /// <summary>Removes a subscription that this instance has changed, so that the change takes effect here at once.</summary>
    public void Remove(OrganizationId organization, SubscriptionId id) => _cache.Remove((organization, id));
}
