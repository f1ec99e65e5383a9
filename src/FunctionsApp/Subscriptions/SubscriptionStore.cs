using EventSubscriptions.Events;

namespace EventSubscriptions.Subscriptions;

/// <summary>The table <c>subscriptions</c>.</summary>
public sealed class SubscriptionStore
{
    /// <summary>Reads one subscription, or null where the organization has none of that id.</summary>
    public Task<Subscription?> GetAsync(OrganizationId organization, SubscriptionId id, CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>Subscriptions by id for deliveries, at most 5 s old: a change takes effect within that time.</summary>
public sealed class SubscriptionCache
{
    /// <summary>The subscription as it was at most 5 s ago, or null where there is none.</summary>
    public ValueTask<Subscription?> GetAsync(OrganizationId organization, SubscriptionId id, CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>Which active subscriptions of an organization want an event. Never stale: each call checks the version row <c>v</c>.</summary>
public sealed class SubscriptionIndex
{
    /// <summary>The organization's active subscriptions as of now, in one point read where nothing has changed.</summary>
    public ValueTask<ActiveSubscriptions> GetAsync(OrganizationId organization, CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>The active subscriptions of one organization at one version.</summary>
public sealed class ActiveSubscriptions
{
    /// <summary>Those that want the event, in the order of their ids; <paramref name="after"/> continues behind an id.</summary>
    public IEnumerable<SubscriptionId> Matching(string eventName, string? after = null) => throw new NotImplementedException();
}
