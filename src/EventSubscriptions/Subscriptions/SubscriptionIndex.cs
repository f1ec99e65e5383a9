using System.Collections.Concurrent;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Subscriptions;

/// <summary>
/// Finds the active subscriptions of an organization that match an event. Never stale: each call checks the version row <c>v</c>.
/// </summary>
public sealed class SubscriptionIndex(SubscriptionStore store, TimeProvider time)
{
    /// <summary>How many organizations are cached; the least recently used is evicted.</summary>
    internal const int Capacity = 1000;

    private readonly ConcurrentDictionary<OrganizationId, Entry> _entries = new();

    internal int Count => _entries.Count;

    /// <summary>The organization's active subscriptions, with one point read if nothing has changed.</summary>
    public async ValueTask<ActiveSubscriptions> GetAsync(OrganizationId organization, CancellationToken cancellationToken)
    {
        // The version is read before the rows: they are at least as new, and a change in between shows next time.
        if (await store.GetVersionAsync(organization, cancellationToken) is not { } version)
        {
            return ActiveSubscriptions.None;
        }

        if (!_entries.TryGetValue(organization, out var entry) || entry.Version != version)
        {
            entry = new Entry(version, new Lazy<Task<ActiveSubscriptions>>(() => LoadAsync(organization)));
            var kept = _entries.AddOrUpdate(
                organization,
                static (_, mine) => mine,
                static (_, other, mine) => other.Version == mine.Version ? other : mine,
                entry
            );
            entry = kept;
            MakeRoom();
        }

        entry.UsedAt = time.GetTimestamp();
        try
        {
            return await entry.Load.Value.WaitAsync(cancellationToken);
        }
        catch when (entry.Load.Value.IsFaulted)
        {
            _entries.TryRemove(KeyValuePair.Create(organization, entry));
            throw;
        }
    }

    private async Task<ActiveSubscriptions> LoadAsync(OrganizationId organization) =>
        new(await store.ListActiveAsync(organization, CancellationToken.None));

    private void MakeRoom()
    {
        while (_entries.Count > Capacity)
        {
            _entries.TryRemove(_entries.MinBy(pair => pair.Value.UsedAt));
        }
    }

    private sealed class Entry(string version, Lazy<Task<ActiveSubscriptions>> load)
    {
        public string Version { get; } = version;

        public Lazy<Task<ActiveSubscriptions>> Load { get; } = load;

        public long UsedAt { get; set; } = long.MaxValue;
    }
}
