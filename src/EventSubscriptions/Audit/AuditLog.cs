using Azure.Data.Tables;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Audit;

/// <summary>The table <c>auditlog</c>.</summary>
public sealed class AuditLog
{
    private const string CountColumn = "count";

    private readonly TimeProvider _time;
    private readonly TableClient _table;
    private readonly BatchedTableWriter _writer;

    public AuditLog(TableServiceClient tables, TimeProvider time)
    {
        _time = time;
        _table = tables.GetTableClient(TableNames.AuditLog);
        _writer = new BatchedTableWriter(_table);
    }

    /// <summary>Returns once the entry is stored.</summary>
    public Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken) =>
        _writer.WriteAsync(AuditRow.Make(entry, _time), cancellationToken);

    /// <summary>Stores the row of an entry. Storing it again changes nothing.</summary>
    internal Task AppendAsync(TableEntity row, CancellationToken cancellationToken) => _writer.WriteAsync(row, cancellationToken);

    /// <summary>Adds to the count of an entry, which the first call creates. Instances may do so at the same time.</summary>
    /// <param name="id">The entry's id without the prefix.</param>
    /// <param name="count">How many to add.</param>
    /// <param name="entryFor">Creates the entry for a count; its time and organization are always the same.</param>
    internal async Task CountAsync(string id, int count, Func<int, AuditEntry> entryFor, CancellationToken cancellationToken)
    {
        while (true)
        {
            var row = AuditRow.Make(entryFor(count), id);
            var stored = await _table.GetEntityIfExistsAsync<TableEntity>(row.PartitionKey, row.RowKey, [CountColumn], cancellationToken);
            try
            {
                if (stored.HasValue)
                {
                    var total = count + (stored.Value!.GetInt32(CountColumn) ?? 0);
                    row = AuditRow.Make(entryFor(total), id);
                    row[CountColumn] = total;
                    await _table.UpdateEntityAsync(row, stored.Value.ETag, TableUpdateMode.Replace, cancellationToken);
                }
                else
                {
                    row[CountColumn] = count;
                    await _table.AddEntityAsync(row, cancellationToken);
                }

                return;
            }
            catch (Azure.RequestFailedException conflict) when (conflict.Status is 404 or 409 or 412)
            {
                // Another instance was faster: add to its count.
            }
        }
    }

    /// <summary>Lists the entries of an organization, or those without one, newest first.</summary>
    internal Task<ListPage<AuditEntryResponse>> ListAsync(
        OrganizationId? organization,
        AuditFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        var (atLeast, below) = InvertedTicks.KeyRange(filter.Times.From, filter.Times.To);
        var range = new RowRange(organization?.ToString() ?? AuditRow.SystemPartition, atLeast, below);
        return _table.ReadPageAsync(range, page, row => filter.Accepts(row) ? AuditRow.Read(row) : null, cancellationToken);
    }
}

/// <summary>Which entries to list.</summary>
internal sealed record AuditFilter(TimeRange Times, AuditType? Type, string? SubscriptionId)
{
    public bool Accepts(TableEntity row) =>
        (Type is not { } type || row.GetString(AuditRow.TypeColumn) == type.ToName())
        && (SubscriptionId is null || row.GetString("subscriptionId") == SubscriptionId);
}
