using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Subscriptions;

/// <summary>
/// The rows <c>h:{id}</c> of the table <c>subscriptions</c>. Changing them changes neither the subscription nor the partition's version.
/// </summary>
public sealed class SubscriptionHealthStore(TableServiceClient tables)
{
    private readonly TableClient _table = tables.GetTableClient(TableNames.Subscriptions);

    /// <summary>Reads the health of a subscription.</summary>
    public async Task<SubscriptionHealth> GetAsync(OrganizationId organization, SubscriptionId id, CancellationToken cancellationToken)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(
            organization.ToString(),
            SubscriptionHealth.Key(id),
            cancellationToken: cancellationToken
        );
        return row.HasValue ? SubscriptionHealth.Read(row.Value!) : SubscriptionHealth.Healthy;
    }

    /// <summary>Reads the health of a page of subscriptions, in the same order.</summary>
    public async Task<IReadOnlyList<SubscriptionHealth>> ListAsync(IReadOnlyList<Subscription> page, CancellationToken cancellationToken)
    {
        if (page.Count == 0)
        {
            return [];
        }

        // '~' sorts after every character of an id.
        var range = new RowRange(
            page[0].OrganizationId.ToString(),
            SubscriptionHealth.Key(page[0].Id),
            $"{SubscriptionHealth.Key(page[^1].Id)}~"
        );
        var found = new Dictionary<string, SubscriptionHealth>(StringComparer.Ordinal);
        await foreach (var row in _table.QueryAsync<TableEntity>(range.ToFilter(), cancellationToken: cancellationToken))
        {
            found[row.RowKey] = SubscriptionHealth.Read(row);
        }

        return
        [
            .. page.Select(subscription => found.GetValueOrDefault(SubscriptionHealth.Key(subscription.Id), SubscriptionHealth.Healthy)),
        ];
    }

    /// <summary>The subscriptions of an organization whose last known attempt failed.</summary>
    public async Task<IReadOnlySet<SubscriptionId>> ListFailingAsync(OrganizationId organization, CancellationToken cancellationToken)
    {
        var failing = new HashSet<SubscriptionId>();
        var filter = RowRange.StartingWith(organization.ToString(), SubscriptionHealth.Prefix).ToFilter();
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            if (
                SubscriptionHealth.Read(row).IsFailing
                && SubscriptionId.TryParse(row.RowKey[SubscriptionHealth.Prefix.Length..], out var id)
            )
            {
                failing.Add(id);
            }
        }

        return failing;
    }

    /// <summary>Replaces the version that was read and returns the new one, or null if it is outdated.</summary>
    public async Task<SubscriptionHealth?> TryWriteAsync(
        OrganizationId organization,
        SubscriptionId id,
        SubscriptionHealth health,
        CancellationToken cancellationToken
    )
    {
        var row = health.ToRow(organization.ToString(), id);
        try
        {
            var response =
                health.ETag == default
                    ? await _table.AddEntityAsync(row, cancellationToken)
                    : await _table.UpdateEntityAsync(row, health.ETag, TableUpdateMode.Replace, cancellationToken);
            return health with { ETag = response.Headers.ETag ?? default };
        }
        catch (RequestFailedException conflict) when (conflict.Status is 404 or 409 or 412)
        {
            return null;
        }
    }
}
