using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Retention;

/// <summary>A row that is to be deleted.</summary>
/// <param name="Key">Its row key.</param>
/// <param name="Companion">The key of a row of the same partition that goes in the same transaction, or null.</param>
/// <param name="ETag">The version that may be deleted.</param>
internal readonly record struct ExpiredRow(string Key, string? Companion, ETag ETag);

/// <summary>Finds the rows of a partition that are to be deleted. Reads keys, not what the rows hold.</summary>
internal abstract class ExpiredRows
{
    internal static readonly string[] KeyColumns = [nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey)];

    /// <summary>The rows in the order of their keys.</summary>
    /// <param name="table">The table.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="first">The partition has no row before this key; empty if that is not known.</param>
    /// <param name="after">Rows up to this key are left out; null for none.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract IAsyncEnumerable<ExpiredRow> FindAsync(
        TableClient table, string partition, string first, string? after, CancellationToken cancellationToken);

    protected static AsyncPageable<TableEntity> QueryKeys(TableClient table, string filter, CancellationToken cancellationToken) =>
        table.QueryAsync<TableEntity>(filter, select: KeyColumns, cancellationToken: cancellationToken);
}

/// <summary>Rows between two keys.</summary>
/// <param name="AtLeast">The lowest key, or null.</param>
/// <param name="Below">The first key after them, or null.</param>
/// <param name="WrittenBefore">They were last written before this time; null if that doesn't matter.</param>
internal sealed record KeySpan(string? AtLeast, string? Below, DateTimeOffset? WrittenBefore = null);

/// <summary>Rows whose keys tell that they have expired: a log is in the order of time.</summary>
/// <param name="companion">The row that goes with one, or null.</param>
/// <param name="spans">Where they are, in the order of their keys.</param>
internal sealed class ExpiredByKey(Func<string, string?> companion, params KeySpan[] spans) : ExpiredRows
{
    public override async IAsyncEnumerable<ExpiredRow> FindAsync(
        TableClient table, string partition, string first, string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var span in spans)
        {
            if (span.Below is { } below && (string.CompareOrdinal(first, below) >= 0 || string.CompareOrdinal(after, below) >= 0))
            {
                continue;
            }

            var filter = new RowRange(partition, span.AtLeast, span.Below).ToFilter(after);
            if (span.WrittenBefore is { } time)
            {
                filter += $" and {TableClient.CreateQueryFilter($"Timestamp lt {time}")}";
            }

            await foreach (var row in QueryKeys(table, filter, cancellationToken))
            {
                yield return new ExpiredRow(row.RowKey, companion(row.RowKey), ETag.All);
            }
        }
    }
}

/// <summary>
/// What deleted subscriptions have left: health and rests, which deliveries that were under way write again, and the version of an
/// organization that has no subscription any more; and since when deliveries were dropped, when the audit entry that counts them is no longer kept.
/// </summary>
/// <param name="auditedSince">Older audit entries are no longer kept.</param>
internal sealed class AbandonedState(DateTimeOffset auditedSince) : ExpiredRows
{
    private const string AfterStates = "s";

    private readonly ExpiredByKey _dropped = new(_ => null, new KeySpan(SubscriptionRow.DroppedPrefix, "d;", auditedSince));

    public override async IAsyncEnumerable<ExpiredRow> FindAsync(
        TableClient table, string partition, string first, string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in _dropped.FindAsync(table, partition, first, after, cancellationToken))
        {
            yield return row;
        }

        // In this order: state that has no subscription by the time the subscriptions are read never gets one, since ids are not used again.
        List<string> states = [];
        await foreach (var row in QueryKeys(table, new RowRange(partition, SubscriptionHealth.Prefix, AfterStates).ToFilter(), cancellationToken))
        {
            states.Add(row.RowKey);
        }

        var version = await table.GetEntityIfExistsAsync<TableEntity>(partition, SubscriptionStore.VersionKey, cancellationToken: cancellationToken);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var row in QueryKeys(table, RowRange.StartingWith(partition, SubscriptionRow.Prefix).ToFilter(), cancellationToken))
        {
            ids.Add(row.RowKey[SubscriptionRow.Prefix.Length..]);
        }

        foreach (var state in states)
        {
            if (IsState(state) && !ids.Contains(state[SubscriptionHealth.Prefix.Length..]) && string.CompareOrdinal(state, after) > 0)
            {
                yield return new ExpiredRow(state, null, ETag.All);
            }
        }

        // A subscription that is made meanwhile changes the version.
        if (ids.Count == 0 && version.HasValue && string.CompareOrdinal(SubscriptionStore.VersionKey, after) > 0)
        {
            yield return new ExpiredRow(SubscriptionStore.VersionKey, null, version.Value!.ETag);
        }
    }

    private static bool IsState(string key) =>
        key.StartsWith(SubscriptionHealth.Prefix, StringComparison.Ordinal) || key.StartsWith(SubscriptionRow.RestPrefix, StringComparison.Ordinal);
}
