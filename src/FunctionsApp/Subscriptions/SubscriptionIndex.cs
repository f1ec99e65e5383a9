using System.Collections.Concurrent;
using EventSubscriptions.Events;

namespace EventSubscriptions.Subscriptions;

/// <summary>Which active subscriptions of an organization want an event. Never stale: each call checks the version row <c>v</c>.</summary>
public sealed class SubscriptionIndex
{
    private const int DefaultCapacity = 10_000;

    private readonly SubscriptionStore _store;
    private readonly TimeProvider _time;
    private readonly int _capacity;
    private readonly ConcurrentDictionary<OrganizationId, Entry> _entries = new();

    public SubscriptionIndex(SubscriptionStore store, TimeProvider time) : this(store, time, DefaultCapacity)
    {
    }

    /// <param name="store">The table.</param>
    /// <param name="time">The clock.</param>
    /// <param name="capacity">How many organizations are kept; those that were asked for longest ago make room.</param>
    internal SubscriptionIndex(SubscriptionStore store, TimeProvider time, int capacity) => (_store, _time, _capacity) = (store, time, capacity);

    /// <summary>How many organizations are kept now.</summary>
    internal int Count => _entries.Count;

    /// <summary>The organization's active subscriptions as of now, in one point read where nothing has changed.</summary>
    public async ValueTask<ActiveSubscriptions> GetAsync(OrganizationId organization, CancellationToken cancellationToken)
    {
        // The version is read before the rows: what they say is at least as new, and a change that comes between shows next time.
        if (await _store.GetVersionAsync(organization, cancellationToken) is not { } version)
        {
            return ActiveSubscriptions.None;
        }

        if (!_entries.TryGetValue(organization, out var entry) || entry.Version != version)
        {
            entry = new Entry(version, new Lazy<Task<ActiveSubscriptions>>(() => LoadAsync(organization)));
            entry = _entries.AddOrUpdate(
                organization, static (_, mine) => mine, static (_, other, mine) => other.Version == mine.Version ? other : mine, entry);
            MakeRoom();
        }

        entry.UsedAt = _time.GetTimestamp();
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
        new(await _store.ListActiveAsync(organization, CancellationToken.None));

    private void MakeRoom()
    {
        if (_entries.Count <= _capacity)
        {
            return;
        }

        // A tenth at once, so that the search for the oldest isn't made each time.
        foreach (var oldest in _entries.OrderBy(pair => pair.Value.UsedAt).Take((_capacity / 10) + 1))
        {
            _entries.TryRemove(oldest);
        }
    }

    private sealed class Entry(string version, Lazy<Task<ActiveSubscriptions>> load)
    {
        public string Version { get; } = version;

        public Lazy<Task<ActiveSubscriptions>> Load { get; } = load;

        public long UsedAt { get; set; } = long.MaxValue;
    }
}
