using System.Globalization;
using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Subscriptions;

/// <summary>
/// The table <c>subscriptions</c>. A change, the partition's version <c>v</c> and the change's audit entries (<c>a:{key}</c>) are written
/// in one transaction. The entries are then moved to the audit log. If the process dies in between, they are moved before that log is read
/// next, so that it shows every change that was made, and no other.
/// </summary>
public sealed partial class SubscriptionStore(
    TableServiceClient tables,
    SecretProtector protector,
    AuditLog auditLog,
    TimeProvider time,
    ILogger<SubscriptionStore> logger
) : IAuditOutbox
{
    /// <summary>The row that every change in its partition rewrites.</summary>
    internal const string VersionKey = "v";

    private const string VersionColumn = "version";
    private const string AuditPrefix = "a:";

    private static readonly string[] s_versionColumns = [VersionColumn];
    private static readonly string[] s_keyColumns = ["RowKey"];
    private static readonly string[] s_idColumns = ["PartitionKey", "RowKey"];
    private static readonly string[] s_nameColumns = ["RowKey", "name"];
    private static readonly string[] s_userColumns = ["PartitionKey", "RowKey", "name", "events"];
    private static readonly string[] s_indexColumns = ["RowKey", "events", "isActive", "filter"];

    private readonly TableClient _table = tables.GetTableClient(TableNames.Subscriptions);

    /// <summary>Reads the subscription in a path; null if the text is not an id or the subscription doesn't exist.</summary>
    public async Task<Subscription?> FindAsync(OrganizationId organization, string id, CancellationToken cancellationToken) =>
        SubscriptionId.TryParse(id, out var known) ? await GetAsync(organization, known, cancellationToken) : null;

    /// <summary>Reads a subscription, or null if it doesn't exist.</summary>
    public async Task<Subscription?> GetAsync(OrganizationId organization, SubscriptionId id, CancellationToken cancellationToken)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(
            organization.ToString(),
            SubscriptionRow.Key(id),
            cancellationToken: cancellationToken
        );
        return row.HasValue ? SubscriptionRow.Read(row.Value!, protector) : null;
    }

    /// <summary>Lists an organization's subscriptions, oldest first.</summary>
    public Task<ListPage<Subscription>> ListAsync(
        OrganizationId organization,
        Predicate<Subscription> filter,
        PageRequest page,
        CancellationToken cancellationToken
    ) =>
        _table.ReadPageAsync(
            RowRange.StartingWith(organization.ToString(), SubscriptionRow.Prefix),
            page,
            row => SubscriptionRow.Read(row, protector) is var subscription && filter(subscription) ? subscription : null,
            cancellationToken
        );

    /// <summary>Lists an organization's subscriptions by their positions. Reads all of them, but keeps no more than a page.</summary>
    internal async Task<ListPage<Subscription>> ListSortedAsync(
        OrganizationId organization,
        Predicate<Subscription> filter,
        Func<Subscription, string> position,
        IComparer<string> comparer,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        var range = RowRange.StartingWith(organization.ToString(), SubscriptionRow.Prefix);
        var found = new SortedList<string, Subscription>(comparer);
        await foreach (var row in _table.QueryAsync<TableEntity>(range.ToFilter(), cancellationToken: cancellationToken))
        {
            var subscription = SubscriptionRow.Read(row, protector);
            var key = position(subscription);
            if (!filter(subscription) || (page.After is not null && comparer.Compare(key, page.After) <= 0))
            {
                continue;
            }

            found.Add(key, subscription);
            if (found.Count > page.Size + 1)
            {
                found.RemoveAt(found.Count - 1);
            }
        }

        var items = found.Values.Take(page.Size).ToList();
        return page.ToPage(items, found.Count > page.Size ? found.Keys[page.Size - 1] : null);
    }

    /// <summary>Stores a new subscription and returns it as stored.</summary>
    /// <exception cref="ExternalIdTakenException">Another subscription has its external id.</exception>
    public async Task<Subscription> AddAsync(Subscription subscription, AuditEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            var row = SubscriptionRow.Make(subscription, protector);
            var etag = await SubmitAsync(
                new(TableTransactionActionType.Add, row),
                [entry],
                ExternalIdChanges(before: null, subscription),
                cancellationToken
            );
            return subscription with { ETag = etag };
        }
        catch (RequestFailedException repeated) when (repeated.Status == 409)
        {
            // Ids are unique, so it is ours: the client repeated a write whose response it had lost.
            return await GetAsync(subscription.OrganizationId, subscription.Id, cancellationToken)
                ?? throw (
                    subscription.ExternalId is null
                        ? new InvalidOperationException("A subscription was deleted while it was added.", repeated)
                        : new ExternalIdTakenException(repeated)
                );
        }
    }

    /// <summary>Replaces the version that was read and returns the new one, or null if it is outdated.</summary>
    /// <param name="changed">The subscription, with the version that was read.</param>
    /// <param name="entries">The audit entries of the change.</param>
    /// <param name="health">Also replaces its health, in the version that was read if there is one; null leaves it unchanged.</param>
    /// <param name="before">The subscription before the change; null if its external id doesn't change.</param>
    /// <exception cref="ExternalIdTakenException">Another subscription has its external id.</exception>
    public async Task<Subscription?> UpdateAsync(
        Subscription changed,
        IReadOnlyList<AuditEntry> entries,
        SubscriptionHealth? health,
        CancellationToken cancellationToken,
        Subscription? before = null
    )
    {
        try
        {
            var row = SubscriptionRow.Make(changed, protector);
            var etag = await SubmitAsync(
                new(TableTransactionActionType.UpdateReplace, row, changed.ETag),
                entries,
                [.. HealthChange(), .. before is null ? [] : ExternalIdChanges(before, changed)],
                cancellationToken
            );
            return changed with { ETag = etag };
        }
        catch (RequestFailedException conflict) when (conflict.Status is 404 or 412)
        {
            return null;
        }
        catch (RequestFailedException conflict) when (conflict.Status == 409 && before?.ExternalId != changed.ExternalId)
        {
            throw new ExternalIdTakenException(conflict);
        }

        IEnumerable<TableTransactionAction> HealthChange()
        {
            if (health is not null)
            {
                var row = health.ToRow(changed.OrganizationId.ToString(), changed.Id);
                yield return health.ETag == default
                    ? new TableTransactionAction(TableTransactionActionType.UpsertReplace, row)
                    : new TableTransactionAction(TableTransactionActionType.UpdateReplace, row, health.ETag);
            }
        }
    }

    /// <summary>Deletes the version that was read, its health and its cooldown; returns false if the version is outdated.</summary>
    public async Task<bool> DeleteAsync(Subscription subscription, AuditEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            var row = new TableEntity(subscription.OrganizationId.ToString(), SubscriptionRow.Key(subscription.Id))
            {
                ETag = subscription.ETag,
            };
            await SubmitAsync(
                new(TableTransactionActionType.Delete, row, subscription.ETag),
                [entry],
                ExternalIdChanges(subscription, after: null),
                cancellationToken
            );
            await DeleteStateAsync(subscription);
            return true;
        }
        catch (RequestFailedException conflict) when (conflict.Status is 404 or 412)
        {
            return false;
        }
    }

    /// <summary>Moves the audit entries that a process left behind.</summary>
    public async Task DrainAsync(OrganizationId organization, CancellationToken cancellationToken)
    {
        var range = RowRange.StartingWith(organization.ToString(), AuditPrefix);
        List<TableEntity> left = [];
        await foreach (var row in _table.QueryAsync<TableEntity>(range.ToFilter(), cancellationToken: cancellationToken))
        {
            left.Add(row);
        }

        await Task.WhenAll(left.Select(row => MoveAsync(row, cancellationToken)));
    }

    /// <summary>The version of an organization's subscriptions, which every change rewrites; null if there never was one.</summary>
    internal async Task<string?> GetVersionAsync(OrganizationId organization, CancellationToken cancellationToken)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(
            organization.ToString(),
            VersionKey,
            s_versionColumns,
            cancellationToken
        );
        return row.HasValue ? row.Value!.GetString(VersionColumn) : null;
    }

    /// <summary>How many subscriptions an organization has.</summary>
    internal async Task<int> CountAsync(OrganizationId organization, CancellationToken cancellationToken)
    {
        var count = 0;
        var filter = RowRange.StartingWith(organization.ToString(), SubscriptionRow.Prefix).ToFilter();
        await foreach (
            var page in _table.QueryAsync<TableEntity>(filter, select: s_keyColumns, cancellationToken: cancellationToken).AsPages()
        )
        {
            count += page.Values.Count;
        }

        return count;
    }

    /// <summary>The ids and names of an organization's subscriptions, oldest first.</summary>
    internal async Task<IReadOnlyList<(SubscriptionId Id, string Name)>> ListNamesAsync(
        OrganizationId organization,
        CancellationToken cancellationToken
    )
    {
        var filter = RowRange.StartingWith(organization.ToString(), SubscriptionRow.Prefix).ToFilter();
        return await _table
            .QueryAsync<TableEntity>(filter, select: s_nameColumns, cancellationToken: cancellationToken)
            .Select(row => (SubscriptionRow.Id(row), row.RequireString("name")))
            .ToListAsync(cancellationToken);
    }

    /// <summary>Subscriptions of any organization that name an event. Reads all of them, which only admins may ask for.</summary>
    internal async Task<IReadOnlyList<SubscriptionReference>> ListUsersOfAsync(
        string eventName,
        int most,
        CancellationToken cancellationToken
    )
    {
        var filter = TableClient.CreateQueryFilter($"RowKey ge {SubscriptionRow.Prefix} and RowKey lt {SubscriptionRow.End}");
        return await _table
            .QueryAsync<TableEntity>(filter, select: s_userColumns, cancellationToken: cancellationToken)
            .Where(row => SubscriptionRow.Events(row).Contains(eventName, StringComparer.Ordinal))
            .Select(row => new SubscriptionReference(
                int.Parse(row.PartitionKey, CultureInfo.InvariantCulture),
                SubscriptionRow.Id(row).ToString(),
                row.RequireString("name")
            ))
            .Take(most)
            .ToListAsync(cancellationToken);
    }

    /// <summary>Subscriptions of any organization whose client certificate expires before a time.</summary>
    internal async Task<IReadOnlyList<(OrganizationId Organization, SubscriptionId Id)>> ListExpiringAsync(
        DateTimeOffset before,
        CancellationToken cancellationToken
    )
    {
        var filter =
            TableClient.CreateQueryFilter($"RowKey ge {SubscriptionRow.Prefix} and RowKey lt {SubscriptionRow.End}")
            + $" and {SubscriptionRow.CertificateExpiresAtColumn} lt {TableClient.CreateQueryFilter($"{before}")}";
        List<(OrganizationId, SubscriptionId)> expiring = [];
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, select: s_idColumns, cancellationToken: cancellationToken))
        {
            if (OrganizationId.TryParse(row.PartitionKey, out var organization))
            {
                expiring.Add((organization, SubscriptionRow.Id(row)));
            }
        }

        return expiring;
    }

    /// <summary>What the index needs of every active subscription.</summary>
    internal async Task<IReadOnlyList<ActiveSubscription>> ListActiveAsync(OrganizationId organization, CancellationToken cancellationToken)
    {
        var filter = RowRange.StartingWith(organization.ToString(), SubscriptionRow.Prefix).ToFilter();
        List<ActiveSubscription> active = [];
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, select: s_indexColumns, cancellationToken: cancellationToken))
        {
            if (row.GetBoolean("isActive") is true)
            {
                active.Add(new(SubscriptionRow.Id(row), SubscriptionRow.Events(row), SubscriptionRow.Filter(row)));
            }
        }

        return active;
    }

    private static IEnumerable<TableTransactionAction> ExternalIdChanges(Subscription? before, Subscription? after)
    {
        if (before?.ExternalId == after?.ExternalId)
        {
            yield break;
        }

        if (before?.ExternalId is not null)
        {
            yield return new(TableTransactionActionType.Delete, SubscriptionRow.MakeExternalId(before), ETag.All);
        }

        if (after?.ExternalId is not null)
        {
            yield return new(TableTransactionActionType.Add, SubscriptionRow.MakeExternalId(after));
        }
    }

    private async Task DeleteStateAsync(Subscription subscription)
    {
        // An orphaned row is harmless: ids are never reused.
        try
        {
            var partition = subscription.OrganizationId.ToString();
            await _table.DeleteEntityAsync(partition, SubscriptionHealth.Key(subscription.Id), ETag.All, CancellationToken.None);
            await _table.DeleteEntityAsync(partition, SubscriptionRow.CooldownKey(subscription.Id), ETag.All, CancellationToken.None);
        }
        catch (Exception exception) when (TransientFaults.IsTransient(exception))
        {
            Log.StateLeft(logger, exception, subscription.Id);
        }
    }

    private async Task<ETag> SubmitAsync(
        TableTransactionAction change,
        IReadOnlyList<AuditEntry> entries,
        IEnumerable<TableTransactionAction> more,
        CancellationToken cancellationToken
    )
    {
        var partition = change.Entity.PartitionKey;
        var version = new TableEntity(partition, VersionKey) { [VersionColumn] = Guid.NewGuid().ToString("N") };
        var left = entries.Select(entry => AuditRow.Make(entry, time)).Select(row => AuditRow.Copy(row, AuditPrefix + row.RowKey)).ToList();
        List<TableTransactionAction> actions = [change, new(TableTransactionActionType.UpsertReplace, version), .. more];
        actions.AddRange(left.Select(row => new TableTransactionAction(TableTransactionActionType.Add, row)));
        var stored = await _table.SubmitTransactionAsync(actions, cancellationToken);

        // The change is made, whatever happens now.
        try
        {
            await Task.WhenAll(left.Select(row => MoveAsync(row, CancellationToken.None)));
        }
        catch (Exception exception)
        {
            Log.AuditLeft(logger, exception, partition);
        }

        return stored.Value[0].Headers.ETag ?? default;
    }

    private async Task MoveAsync(TableEntity left, CancellationToken cancellationToken)
    {
        await auditLog.AppendAsync(AuditRow.Copy(left, left.RowKey[AuditPrefix.Length..]), cancellationToken);
        await _table.DeleteEntityAsync(left.PartitionKey, left.RowKey, ETag.All, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Information,
            "Could not delete the health or cooldown of the deleted subscription {SubscriptionId}, which is harmless."
        )]
        public static partial void StateLeft(ILogger logger, Exception exception, SubscriptionId subscriptionId);

        [LoggerMessage(
            LogLevel.Warning,
            "Could not move an audit entry of organization {Organization} yet; it is moved when the log is read."
        )]
        public static partial void AuditLeft(ILogger logger, Exception exception, string organization);
    }
}
