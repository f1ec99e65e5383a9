using System.Globalization;
using Azure.Data.Tables;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries.Overview;

/// <summary>
/// The organizations that have subscriptions, with counts, as they were at most a minute ago: each reading goes through all subscriptions.
/// </summary>
public sealed class OrganizationList(TableServiceClient tables, TimeProvider time)
{
    /// <summary>How old the list may be.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private static readonly string[] s_columns = ["PartitionKey", "RowKey", "isActive", "failingSince"];

    private readonly TableClient _table = tables.GetTableClient(TableNames.Subscriptions);
    private readonly ExpiringCache<string, OrganizationSnapshot> _cache = new(Lifetime, capacity: 1, time);

    /// <summary>The organizations, those with failing subscriptions first.</summary>
    internal ValueTask<OrganizationSnapshot> GetAsync(CancellationToken cancellationToken) =>
        _cache.GetAsync("", this, static (_, self) => self.ReadAsync(), cancellationToken);

    private async Task<OrganizationSnapshot> ReadAsync()
    {
        var asOf = time.GetUtcNow();
        var organizations = new Dictionary<OrganizationId, Counter>();
        var filter = TableClient.CreateQueryFilter(
            $"(RowKey ge {SubscriptionHealth.Prefix} and RowKey lt {SubscriptionHealth.End}) or (RowKey ge {SubscriptionRow.Prefix} and RowKey lt {SubscriptionRow.End})"
        );
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, select: s_columns))
        {
            if (!OrganizationId.TryParse(row.PartitionKey, out var organization))
            {
                continue;
            }

            if (!organizations.TryGetValue(organization, out var counter))
            {
                organizations.Add(organization, counter = new Counter());
            }

            counter.Add(row);
        }

        return new OrganizationSnapshot(
            asOf,
            [
                .. organizations
                    .Where(pair => pair.Value.HasSubscriptions)
                    .Select(pair => pair.Value.Summarize(pair.Key))
                    .OrderBy(item => item.Position, StringComparer.Ordinal),
            ]
        );
    }

    /// <summary>Counts the rows of one organization. In key order, health comes before the subscription that it belongs to.</summary>
    private sealed class Counter
    {
        private readonly Dictionary<string, DateTimeOffset> _failing = new(StringComparer.Ordinal);
        private int _active;
        private int _failingActive;
        private int _deactivated;
        private DateTimeOffset? _failingSince;

        public bool HasSubscriptions => _active + _deactivated > 0;

        public void Add(TableEntity row)
        {
            if (row.RowKey.StartsWith(SubscriptionHealth.Prefix, StringComparison.Ordinal))
            {
                if (row.GetDateTimeOffset("failingSince") is { } since)
                {
                    _failing.Add(row.RowKey[SubscriptionHealth.Prefix.Length..], since);
                }
            }
            else if (row.GetBoolean("isActive") is not true)
            {
                _deactivated++;
            }
            else
            {
                _active++;
                if (_failing.TryGetValue(row.RowKey[SubscriptionRow.Prefix.Length..], out var since))
                {
                    _failingActive++;
                    _failingSince = _failingSince < since ? _failingSince : since;
                }
            }
        }

        public OrganizationSummary Summarize(OrganizationId organization) =>
            new(organization, new SubscriptionCounts(_active, _failingActive, _deactivated), _failingSince);
    }
}

/// <summary>All organizations at a time.</summary>
internal sealed record OrganizationSnapshot(DateTimeOffset AsOf, IReadOnlyList<OrganizationSummary> Organizations);

/// <summary>An organization and its subscriptions.</summary>
/// <param name="FailingSince">The first failure of the subscription that has failed for the longest time, or null.</param>
internal sealed record OrganizationSummary(OrganizationId Id, SubscriptionCounts Subscriptions, DateTimeOffset? FailingSince)
{
    /// <summary>Sorts the list: failing ones first, the longest first; then by id.</summary>
    public string Position =>
        FailingSince is { } since
            ? string.Create(CultureInfo.InvariantCulture, $"0:{since.UtcTicks:D19}:{Id.Value:D10}")
            : string.Create(CultureInfo.InvariantCulture, $"1:{Id.Value:D10}");
}
