using EventSubscriptions.Events;

namespace EventSubscriptions.Subscriptions;

/// <summary>The active subscriptions of one version of an organization, by event name.</summary>
public sealed class ActiveSubscriptions
{
    /// <summary>The pattern that matches every event.</summary>
    public const string EveryEvent = "*";

    /// <summary>Those of an organization without subscriptions.</summary>
    public static readonly ActiveSubscriptions None = new([]);

    private readonly Dictionary<string, SubscriptionId[]> _byEvent;

    /// <summary>Builds the look-up, once per version.</summary>
    internal ActiveSubscriptions(IEnumerable<(SubscriptionId Id, IReadOnlyList<string> Events)> active)
    {
        var byEvent = new Dictionary<string, List<SubscriptionId>>(StringComparer.Ordinal);
        foreach (var (id, events) in active)
        {
            Count++;
            foreach (var name in events)
            {
                if (!byEvent.TryGetValue(name, out var ids))
                {
                    byEvent.Add(name, ids = []);
                }

                ids.Add(id);
            }
        }

        _byEvent = byEvent.ToDictionary(pair => pair.Key, pair => Sorted(pair.Value), StringComparer.Ordinal);
    }

    public int Count { get; }

    /// <summary>The subscriptions that match an event, ordered by id; <paramref name="after"/> continues after an id.</summary>
    public IEnumerable<SubscriptionId> Matching(EventName eventName, string? after = null)
    {
        var named = _byEvent.GetValueOrDefault(eventName.ToString(), []);
        var every = _byEvent.GetValueOrDefault(EveryEvent, []);
        var (n, e) = (Behind(named, after), Behind(every, after));
        while (n < named.Length || e < every.Length)
        {
            if (e == every.Length || (n < named.Length && Compare(named[n], every[e]) < 0))
            {
                yield return named[n++];
            }
            else
            {
                yield return every[e++];
            }
        }
    }

    /// <summary>The position of the first id after <paramref name="after"/>.</summary>
    private static int Behind(SubscriptionId[] ids, string? after)
    {
        var (low, high) = (0, after is null ? 0 : ids.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = string.CompareOrdinal(ids[middle].ToString(), after) <= 0 ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private static SubscriptionId[] Sorted(List<SubscriptionId> ids)
    {
        ids.Sort(Compare);
        return [.. ids];
    }

    private static int Compare(SubscriptionId a, SubscriptionId b) => string.CompareOrdinal(a.ToString(), b.ToString());
}
