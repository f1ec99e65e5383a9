using System.Buffers.Text;
using Azure.Data.Tables;
using LocalHost.Storage;
using LocalHost.Tables.Filters;

namespace LocalHost.Tables;

/// <content>Queries. A page is a snapshot.</content>
internal sealed partial class TableStore
{
    private const int MaxPageSize = 1000;

    // A page ends after scanning this many rows, however few match, as it does after some seconds in Table Storage.
    private const int MaxRowsScanned = 10_000;

    public TablePage Query(string table, TableQuery query, CancellationToken cancellationToken)
    {
        var prefix = _prefixes.GetValueOrDefault(table) ?? throw TableError.TableNotFound.ToException();
        var filter = string.IsNullOrWhiteSpace(query.Filter)
            ? null
            : FilterParser.TryParse(query.Filter) ?? throw TableError.InvalidInput.ToException();
        ThrowIfError(query.Top is < 1 or > MaxPageSize ? TableError.InvalidInput : null);

        var (keys, rowKeys) = KeyRange.Of(filter);
        keys = query.ContinuationToken is { } token ? keys.StartingAt(ReadToken(token)) : keys;
        try
        {
            var end = keys.To is null ? RowKey.AfterTable(prefix) : [.. prefix, .. keys.To];
            using var scan = _database.Scan([.. prefix, .. keys.From], end);
            return ReadPage(scan, prefix, rowKeys, filter, query, cancellationToken);
        }
        catch (StorageUnavailableException exception)
        {
            throw TableError.InternalError(exception);
        }
    }

    private static TablePage ReadPage(
        RangeScan scan,
        byte[] prefix,
        KeyRange rowKeys,
        Filter? filter,
        TableQuery query,
        CancellationToken cancellationToken
    )
    {
        var page = new List<TableEntity>();
        for (var scanned = 0; scan.MoveNext(); scanned++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var key = scan.Key[prefix.Length..];
            if (page.Count == (query.Top ?? MaxPageSize) || scanned == MaxRowsScanned)
            {
                return new TablePage(page, Base64Url.EncodeToString(key));
            }

            if (rowKeys.NextInTable(key) is { } next)
            {
                scan.Seek([.. prefix, .. next]);
            }
            else if (Read(key, scan.Value, filter, query.Select) is { } entity)
            {
                page.Add(entity);
            }
        }

        return new TablePage(page, null);
    }

    private static TableEntity? Read(ReadOnlySpan<byte> key, ReadOnlySpan<byte> row, Filter? filter, string[]? select)
    {
        var entity = StoredRow.ReadKeys(key, row);
        if (filter is { UsesKeysOnly: false })
        {
            StoredRow.ReadProperties(entity, row, null);
            return filter.Matches(entity) ? StoredRow.Project(entity, row, select) : null;
        }

        if (filter?.Matches(entity) == false)
        {
            return null;
        }

        StoredRow.ReadProperties(entity, row, select);
        return StoredRow.Project(entity, row, select);
    }

    private static byte[] ReadToken(string token) =>
        Base64Url.IsValid(token) ? Base64Url.DecodeFromChars(token) : throw TableError.InvalidInput.ToException();
}

internal sealed record TableQuery(string? Filter, int? Top, string[]? Select, string? ContinuationToken);

internal sealed record TablePage(IReadOnlyList<TableEntity> Entities, string? ContinuationToken);
