using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Organizations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Subscriptions;

/// <summary>
/// The table <c>subscriptions</c>. A change, the partition's version <c>v</c> and the change's audit entries (<c>a:{key}</c>) are written in
/// one transaction. The entries then move on to the audit log: should the process end in between, they move when that log is read next,
/// so that it shows every change that was made, and none that wasn't.
/// </summary>
public sealed partial class SubscriptionStore(
    TableServiceClient tables, SecretProtector protector, AuditLog auditLog, TimeProvider time, ILogger<SubscriptionStore> logger) : IAuditOutbox
{
    /// <summary>The row that every change of a subscription of its partition changes.</summary>
    internal const string VersionKey = "v";

    private const string VersionColumn = "version";
    private const string AuditPrefix = "a:";

    private static readonly string[] s_versionColumns = [VersionColumn];
    private static readonly string[] s_keyColumns = ["RowKey"];
    private static readonly string[] s_indexColumns = ["RowKey", "events", "isActive"];

    private readonly TableClient _table = tables.GetTableClient(TableNames.Subscriptions);

    /// <summary>Reads the subscription that a path names; null if the text is not an id, or the organization has no such subscription.</summary>
    public async Task<Subscription?> FindAsync(OrganizationId organization, string id, CancellationToken cancellationToken) =>
        SubscriptionId.TryParse(id, out var known) ? await GetAsync(organization, known, cancellationToken) : null;

    /// <summary>Reads one subscription, or null if the organization has none with that id.</summary>
    public async Task<Subscription?> GetAsync(OrganizationId organization, SubscriptionId id, CancellationToken cancellationToken)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(organization.ToString(), SubscriptionRow.Key(id), cancellationToken: cancellationToken);
        return row.HasValue ? SubscriptionRow.Read(row.Value!, protector) : null;
    }

    /// <summary>Lists an organization's subscriptions, oldest first.</summary>
    public Task<ListPage<Subscription>> ListAsync(
        OrganizationId organization, Predicate<Subscription> filter, PageRequest page, CancellationToken cancellationToken) =>
        _table.ReadPageAsync(
            RowRange.StartingWith(organization.ToString(), SubscriptionRow.Prefix),
            page,
            row => SubscriptionRow.Read(row, protector) is var subscription && filter(subscription) ? subscription : null,
            cancellationToken);

    /// <summary>Stores a new subscription and returns it as stored.</summary>
    public async Task<Subscription> AddAsync(Subscription subscription, AuditEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            var row = SubscriptionRow.Make(subscription, protector);
            var etag = await SubmitAsync(new(TableTransactionActionType.Add, row), [entry], cancellationToken);
            return subscription with { ETag = etag };
        }
        catch (RequestFailedException repeated) when (repeated.Status == 409)
        {
            // Ids are unique, so this is our own: the client repeated a write whose answer it had lost.
            return await GetAsync(subscription.OrganizationId, subscription.Id, cancellationToken) ?? throw new InvalidOperationException("A subscription was deleted while it was added.", repeated);
        }
    }

    /// <summary>Replaces the version that was read by a changed one and returns that as stored, or null where it is no longer the current version.</summary>
    /// <param name="changed">The subscription, with the version that it was read with.</param>
    /// <param name="entries">What the audit log says of it.</param>
    /// <param name="health">Replaces its health too, the version that was read where it has one; null leaves it as it is.</param>
    /// <param name="cancellationToken">Ends the write.</param>
    public async Task<Subscription?> UpdateAsync(
        Subscription changed, IReadOnlyList<AuditEntry> entries, SubscriptionHealth? health, CancellationToken cancellationToken)
    {
        try
        {
            var row = SubscriptionRow.Make(changed, protector);
            var etag = await SubmitAsync(new(TableTransactionActionType.UpdateReplace, row, changed.ETag), entries, cancellationToken, HealthChange());
            return changed with { ETag = etag };
        }
        catch (RequestFailedException overtaken) when (overtaken.Status is 404 or 412)
        {
            return null;
        }

        TableTransactionAction? HealthChange()
        {
            if (health is null)
            {
                return null;
            }

            var row = health.ToRow(changed.OrganizationId.ToString(), changed.Id);
            return health.ETag == default
                ? new TableTransactionAction(TableTransactionActionType.UpsertReplace, row)
                : new TableTransactionAction(TableTransactionActionType.UpdateReplace, row, health.ETag);
        }
    }

    /// <summary>Deletes the version that was read, with its health and its rest, or says that it is no longer the current one.</summary>
    public async Task<bool> DeleteAsync(Subscription subscription, AuditEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            var row = new TableEntity(subscription.OrganizationId.ToString(), SubscriptionRow.Key(subscription.Id)) { ETag = subscription.ETag };
            await SubmitAsync(new(TableTransactionActionType.Delete, row, subscription.ETag), [entry], cancellationToken);
            await DeleteStateAsync(subscription);
            return true;
        }
        catch (RequestFailedException overtaken) when (overtaken.Status is 404 or 412)
        {
            return false;
        }
    }

    /// <summary>Moves on the audit entries that a process left behind when it ended.</summary>
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

    /// <summary>The version of an organization's subscriptions, which every change changes, or null where it has never had any.</summary>
    internal async Task<string?> GetVersionAsync(OrganizationId organization, CancellationToken cancellationToken)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(organization.ToString(), VersionKey, s_versionColumns, cancellationToken);
        return row.HasValue ? row.Value!.GetString(VersionColumn) : null;
    }

    /// <summary>How many subscriptions an organization has.</summary>
    internal async Task<int> CountAsync(OrganizationId organization, CancellationToken cancellationToken)
    {
        var count = 0;
        var filter = RowRange.StartingWith(organization.ToString(), SubscriptionRow.Prefix).ToFilter();
        await foreach (var page in _table.QueryAsync<TableEntity>(filter, select: s_keyColumns, cancellationToken: cancellationToken).AsPages())
        {
            count += page.Values.Count;
        }

        return count;
    }

    /// <summary>What the index needs to know of every active subscription.</summary>
    internal async Task<IReadOnlyList<(SubscriptionId Id, IReadOnlyList<string> Events)>> ListActiveAsync(OrganizationId organization, CancellationToken cancellationToken)
    {
        var filter = RowRange.StartingWith(organization.ToString(), SubscriptionRow.Prefix).ToFilter();
        List<(SubscriptionId, IReadOnlyList<string>)> active = [];
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, select: s_indexColumns, cancellationToken: cancellationToken))
        {
            if (row.GetBoolean("isActive") is true)
            {
                active.Add((SubscriptionRow.Id(row), SubscriptionRow.Events(row)));
            }
        }

        return active;
    }

    private async Task DeleteStateAsync(Subscription subscription)
    {
        // A row that is left behind says nothing about anybody: ids are never used again.
        try
        {
            var partition = subscription.OrganizationId.ToString();
            await _table.DeleteEntityAsync(partition, SubscriptionHealth.Key(subscription.Id), ETag.All, CancellationToken.None);
            await _table.DeleteEntityAsync(partition, SubscriptionRow.RestKey(subscription.Id), ETag.All, CancellationToken.None);
        }
        catch (Exception exception) when (TransientFaults.IsTransient(exception))
        {
            Log.StateLeft(logger, exception, subscription.Id);
        }
    }

    private async Task<ETag> SubmitAsync(
        TableTransactionAction change, IReadOnlyList<AuditEntry> entries, CancellationToken cancellationToken, TableTransactionAction? health = null)
    {
        var partition = change.Entity.PartitionKey;
        var version = new TableEntity(partition, VersionKey) { [VersionColumn] = Guid.NewGuid().ToString("N") };
        var left = entries.Select(entry => AuditRow.Make(entry, time)).Select(row => AuditRow.Copy(row, AuditPrefix + row.RowKey)).ToList();
        List<TableTransactionAction> actions = [change, new(TableTransactionActionType.UpsertReplace, version)];
        if (health is not null)
        {
            actions.Add(health);
        }

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
        [LoggerMessage(LogLevel.Information, "The health or the rest of the deleted subscription {SubscriptionId} is left behind, which does no harm.")]
        public static partial void StateLeft(ILogger logger, Exception exception, SubscriptionId subscriptionId);

        [LoggerMessage(LogLevel.Warning, "An audit entry of organization {Organization} waits until its audit log is read.")]
        public static partial void AuditLeft(ILogger logger, Exception exception, string organization);
    }
}
