using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Retention;

/// <summary>A row to delete.</summary>
/// <param name="Key">Its row key.</param>
/// <param name="Companion">The key of a row of the same partition to delete in the same transaction, or null.</param>
/// <param name="ETag">The version that may be deleted.</param>
internal readonly record struct ExpiredRow(string Key, string? Companion, ETag ETag);

/// <summary>Finds the rows of a partition to delete. Reads keys only.</summary>
internal abstract class ExpiredRows
{
    internal static readonly string[] KeyColumns = [nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey)];

    /// <summary>The rows ordered by key.</summary>
    /// <param name="first">The partition has no row before this key; empty if unknown.</param>
    /// <param name="after">Rows up to this key are skipped; null for none.</param>
    public abstract IAsyncEnumerable<ExpiredRow> FindAsync(
        TableClient table,
        string partition,
        string first,
        string? after,
        CancellationToken cancellationToken
    );

    protected static AsyncPageable<TableEntity> QueryKeys(TableClient table, string filter, CancellationToken cancellationToken) =>
        table.QueryAsync<TableEntity>(filter, select: KeyColumns, cancellationToken: cancellationToken);
}

/// <summary>Rows between two keys.</summary>
/// <param name="AtLeast">The lowest key, or null.</param>
/// <param name="Below">The first key after them, or null.</param>
/// <param name="WrittenBefore">They were last written before this time; null for any.</param>
internal sealed record KeySpan(string? AtLeast, string? Below, DateTimeOffset? WrittenBefore = null);

/// <summary>Rows whose keys tell that they have expired: a log is ordered by time.</summary>
/// <param name="companion">The companion of a row, or null.</param>
/// <param name="spans">Where they are, ordered by key.</param>
internal sealed class ExpiredByKey(Func<string, string?> companion, params KeySpan[] spans) : ExpiredRows
{
    public override async IAsyncEnumerable<ExpiredRow> FindAsync(
        TableClient table,
        string partition,
        string first,
        string? after,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
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
/// What deleted subscriptions have left: health and cooldowns, which deliveries in progress write again, the version of an organization
/// without subscriptions, and the counter of dropped deliveries once its audit entry has expired.
/// </summary>
/// <param name="auditedSince">Older audit entries have expired.</param>
internal sealed class AbandonedState(DateTimeOffset auditedSince) : ExpiredRows
{
    private const string AfterStates = "s";

    private readonly ExpiredByKey _dropped = new(_ => null, new KeySpan(SubscriptionRow.DroppedPrefix, "d;", auditedSince));

    public override async IAsyncEnumerable<ExpiredRow> FindAsync(
        TableClient table,
        string partition,
        string first,
        string? after,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var row in _dropped.FindAsync(table, partition, first, after, cancellationToken))
        {
            yield return row;
        }

        // In this order: state without a subscription at the time the subscriptions are read never gets one, since ids are not reused.
        List<string> states = [];
        await foreach (
            var row in QueryKeys(table, new RowRange(partition, SubscriptionHealth.Prefix, AfterStates).ToFilter(), cancellationToken)
        )
        {
            states.Add(row.RowKey);
        }

        var version = await table.GetEntityIfExistsAsync<TableEntity>(
            partition,
            SubscriptionStore.VersionKey,
            cancellationToken: cancellationToken
        );
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

        // A subscription that is created meanwhile changes the version.
        if (ids.Count == 0 && version.HasValue && string.CompareOrdinal(SubscriptionStore.VersionKey, after) > 0)
        {
            yield return new ExpiredRow(SubscriptionStore.VersionKey, null, version.Value!.ETag);
        }
    }

    private static bool IsState(string key) =>
        key.StartsWith(SubscriptionHealth.Prefix, StringComparison.Ordinal)
        || key.StartsWith(SubscriptionRow.CooldownPrefix, StringComparison.Ordinal);
}
