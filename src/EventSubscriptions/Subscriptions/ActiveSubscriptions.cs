using EventSubscriptions.Events;
using EventSubscriptions.Subscriptions.Filters;

namespace EventSubscriptions.Subscriptions;

/// <summary>The active subscriptions of one version of an organization, by event name.</summary>
public sealed class ActiveSubscriptions
{
    /// <summary>Those of an organization without subscriptions.</summary>
    public static readonly ActiveSubscriptions None = new([]);

    private readonly Dictionary<string, SubscriptionId[]> _byEvent;
    private readonly (string Pattern, SubscriptionId[] Ids)[] _patterns;
    private readonly Dictionary<SubscriptionId, SubscriptionFilter>? _filters;

    /// <summary>Builds the look-up, once per version.</summary>
    internal ActiveSubscriptions(IEnumerable<ActiveSubscription> active)
    {
        var byEvent = new Dictionary<string, List<SubscriptionId>>(StringComparer.Ordinal);
        foreach (var (id, events, filter) in active)
        {
            Count++;
            if (filter is not null)
            {
                (_filters ??= []).Add(id, filter);
            }

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
        _patterns = [.. _byEvent.Where(pair => EventPattern.IsPattern(pair.Key)).Select(pair => (pair.Key, pair.Value))];
    }

    public int Count { get; }

    /// <summary>The filter of a subscription, or null.</summary>
    public SubscriptionFilter? FilterOf(SubscriptionId id) => _filters?.GetValueOrDefault(id);

    /// <summary>
    /// The subscriptions to an event, whatever their filters, ordered by id, each once; <paramref name="after"/> continues after an id.
    /// </summary>
    /// <param name="category">The category of the event, or null if its type is not known.</param>
    public IEnumerable<SubscriptionId> Matching(EventName eventName, string? category, string? after = null)
    {
        var name = eventName.ToString();
        List<Cursor> cursors =
        [
            .. _patterns
                .Where(item => EventPattern.Matches(item.Pattern, name, category))
                .Select(item => item.Ids)
                .Append(_byEvent.GetValueOrDefault(name, []))
                .Select(ids => new Cursor(ids, PositionAfter(ids, after)))
                .Where(cursor => !cursor.IsAtEnd),
        ];
        while (cursors.Count > 0)
        {
            var next = cursors[0].Current;
            for (var i = 1; i < cursors.Count; i++)
            {
                next = Compare(cursors[i].Current, next) < 0 ? cursors[i].Current : next;
            }

            yield return next;

            // It may match by several patterns.
            for (var i = cursors.Count - 1; i >= 0; i--)
            {
                if (cursors[i].Current == next && !cursors[i].Advance())
                {
                    cursors.RemoveAt(i);
                }
            }
        }
    }

    /// <summary>The position of the first id after <paramref name="after"/>.</summary>
    private static int PositionAfter(SubscriptionId[] ids, string? after)
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

    /// <summary>A position in a sorted list.</summary>
    private sealed class Cursor(SubscriptionId[] ids, int position)
    {
        private int _position = position;

        public bool IsAtEnd => _position == ids.Length;

        public SubscriptionId Current => ids[_position];

        /// <summary>Returns false at the end.</summary>
        public bool Advance() => ++_position < ids.Length;
    }
}

/// <summary>What fan-out has to know of an active subscription.</summary>
internal readonly record struct ActiveSubscription(SubscriptionId Id, IReadOnlyList<string> Events, SubscriptionFilter? Filter = null);
