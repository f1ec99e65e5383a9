using Azure.Data.Tables;

namespace EventSubscriptions.Storage;

/// <summary>Rows of one partition between two keys.</summary>
/// <param name="PartitionKey">The partition.</param>
/// <param name="AtLeast">The lowest row key in the range, or null.</param>
/// <param name="Below">The lowest row key after the range, or null.</param>
public sealed record RowRange(string PartitionKey, string? AtLeast = null, string? Below = null)
{
    /// <summary>The rows whose keys start with a prefix.</summary>
    public static RowRange StartingWith(string partitionKey, string prefix) =>
        new(partitionKey, prefix, $"{prefix[..^1]}{(char)(prefix[^1] + 1)}");

    /// <summary>Whether a row key is in the range.</summary>
    public bool Contains(string rowKey) =>
        (AtLeast is null || string.CompareOrdinal(rowKey, AtLeast) >= 0) && (Below is null || string.CompareOrdinal(rowKey, Below) < 0);

    /// <summary>The query filter; <paramref name="after"/> skips the rows up to a key.</summary>
    public string ToFilter(string? after = null)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {PartitionKey}");
        if (after is not null && string.CompareOrdinal(after, AtLeast) >= 0)
        {
            filter += $" and {TableClient.CreateQueryFilter($"RowKey gt {after}")}";
        }
        else if (AtLeast is not null)
        {
            filter += $" and {TableClient.CreateQueryFilter($"RowKey ge {AtLeast}")}";
        }

        return Below is null ? filter : $"{filter} and {TableClient.CreateQueryFilter($"RowKey lt {Below}")}";
    }
}

/// <summary>Lists a page at a time.</summary>
public static class TablePages
{
    /// <summary>How many rows a page reads if a filter may skip any of them.</summary>
    private const int MaxScanned = 1000;

    /// <summary>Reads a page of the rows in a range, ordered by key.</summary>
    /// <param name="read">Converts a row, or returns null to skip it: then a page may be short, because it reads at most 1,000
    /// rows.</param>
    public static async Task<ListPage<T>> ReadPageAsync<T>(
        this TableClient table,
        RowRange range,
        PageRequest page,
        Func<TableEntity, T?> read,
        CancellationToken cancellationToken
    )
        where T : class
    {
        List<T> items = [];
        var scanned = 0;
        string? last = null;
        var size = page.Size;
        await foreach (
            var rows in table.QueryAsync<TableEntity>(range.ToFilter(page.After), size, cancellationToken: cancellationToken).AsPages()
        )
        {
            for (var i = 0; i < rows.Values.Count; i++)
            {
                var row = rows.Values[i];
                last = row.RowKey;
                scanned++;
                if (read(row) is { } item)
                {
                    items.Add(item);
                }

                var full = items.Count == page.Size || scanned == MaxScanned;
                if (full && (i + 1 < rows.Values.Count || rows.ContinuationToken is not null))
                {
                    return page.ToPage(items, last);
                }
            }
        }

        return page.ToPage(items, null);
    }
}
