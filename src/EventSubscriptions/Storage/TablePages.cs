using Azure.Data.Tables;

namespace EventSubscriptions.Storage;

/// <summary>Rows of one partition between two keys.</summary>
/// <param name="PartitionKey">The partition.</param>
/// <param name="AtLeast">The lowest row key that is in, or null.</param>
/// <param name="Below">The lowest row key behind that is out, or null.</param>
public sealed record RowRange(string PartitionKey, string? AtLeast = null, string? Below = null)
{
    /// <summary>The rows whose keys begin with a prefix.</summary>
    public static RowRange StartingWith(string partitionKey, string prefix) =>
        new(partitionKey, prefix, $"{prefix[..^1]}{(char)(prefix[^1] + 1)}");

    /// <summary>Whether a row key is in.</summary>
    public bool Contains(string rowKey) =>
        (AtLeast is null || string.CompareOrdinal(rowKey, AtLeast) >= 0) && (Below is null || string.CompareOrdinal(rowKey, Below) < 0);

    /// <summary>The query's filter; <paramref name="after"/> leaves out the rows up to a key.</summary>
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
    /// <summary>How many rows a page looks at where a filter may leave out any of them.</summary>
    private const int MaxScanned = 1000;

    /// <summary>Reads a page of the rows in a range, in the order of their keys.</summary>
    /// <param name="table">The table.</param>
    /// <param name="range">Which rows.</param>
    /// <param name="page">Which page of them.</param>
    /// <param name="read">Makes the item of a row, or returns null to leave it out: then a page may be short, since it looks at no more than 1,000 rows.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public static async Task<ListPage<T>> ReadPageAsync<T>(
        this TableClient table, RowRange range, PageRequest page, Func<TableEntity, T?> read, CancellationToken cancellationToken)
        where T : class
    {
        List<T> items = [];
        var scanned = 0;
        string? last = null;
        var size = page.Size;
        await foreach (var rows in table.QueryAsync<TableEntity>(range.ToFilter(page.After), size, cancellationToken: cancellationToken).AsPages())
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
