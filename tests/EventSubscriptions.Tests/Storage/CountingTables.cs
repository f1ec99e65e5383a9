using Azure;
using Azure.Data.Tables;

namespace EventSubscriptions.Tests.Storage;

/// <summary>Tables that count the rows that are read, by queries and one by one.</summary>
internal sealed class CountingTables(TableServiceClient inner) : TableServiceClient
{
    private readonly Dictionary<string, int> _rows = new(StringComparer.Ordinal);

    public int RowsOf(string table) => _rows.GetValueOrDefault(table);

    public override TableClient GetTableClient(string tableName) =>
        new CountingTable(inner.GetTableClient(tableName), count => _rows[tableName] = RowsOf(tableName) + count);

    private sealed class CountingTable(TableClient inner, Action<int> count) : TableClient
    {
        public override Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(
            string partitionKey,
            string rowKey,
            IEnumerable<string>? select = null,
            CancellationToken cancellationToken = default
        )
        {
            count(1);
            return inner.GetEntityIfExistsAsync<T>(partitionKey, rowKey, select, cancellationToken);
        }

        public override Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default) =>
            inner.AddEntityAsync(entity, cancellationToken);

        public override Task<Response> UpsertEntityAsync<T>(
            T entity,
            TableUpdateMode mode = TableUpdateMode.Merge,
            CancellationToken cancellationToken = default
        ) => inner.UpsertEntityAsync(entity, mode, cancellationToken);

        public override Task<Response> UpdateEntityAsync<T>(
            T entity,
            ETag ifMatch,
            TableUpdateMode mode = TableUpdateMode.Merge,
            CancellationToken cancellationToken = default
        ) => inner.UpdateEntityAsync(entity, ifMatch, mode, cancellationToken);

        public override Task<Response> DeleteEntityAsync(
            string partitionKey,
            string rowKey,
            ETag ifMatch = default,
            CancellationToken cancellationToken = default
        ) => inner.DeleteEntityAsync(partitionKey, rowKey, ifMatch, cancellationToken);

        public override Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(
            IEnumerable<TableTransactionAction> transactionActions,
            CancellationToken cancellationToken = default
        ) => inner.SubmitTransactionAsync(transactionActions, cancellationToken);

        public override AsyncPageable<T> QueryAsync<T>(
            string? filter = null,
            int? maxPerPage = null,
            IEnumerable<string>? select = null,
            CancellationToken cancellationToken = default
        ) => new CountingPages<T>(inner.QueryAsync<T>(filter, maxPerPage, select, cancellationToken), count);
    }

    private sealed class CountingPages<T>(AsyncPageable<T> inner, Action<int> count) : AsyncPageable<T>
        where T : notnull
    {
        public override async IAsyncEnumerable<Page<T>> AsPages(string? continuationToken = null, int? pageSizeHint = null)
        {
            await foreach (var page in inner.AsPages(continuationToken, pageSizeHint))
            {
                count(page.Values.Count);
                yield return page;
            }
        }

        public override async IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            await foreach (var row in inner.WithCancellation(cancellationToken))
            {
                count(1);
                yield return row;
            }
        }
    }
}
