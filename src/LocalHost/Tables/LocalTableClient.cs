using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace LocalHost.Tables;

/// <summary>The client of one table in the data folder. Entities must be <see cref="TableEntity"/>.</summary>
internal sealed class LocalTableClient(TableStore tables, string name) : TableClient
{
    public override string Name => name;

    public override async Task<Response<TableItem>> CreateIfNotExistsAsync(CancellationToken cancellationToken = default) =>
        Response.FromValue(new TableItem(name), await tables.CreateTableIfNotExistsAsync(name, cancellationToken));

    public override Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default) =>
        WriteAsync(TableTransactionActionType.Add, entity, default, cancellationToken);

    public override async Task<Response<T>> GetEntityAsync<T>(
        string partitionKey,
        string rowKey,
        IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default
    )
    {
        var found = await GetEntityIfExistsAsync<T>(partitionKey, rowKey, select, cancellationToken);
        return found.HasValue ? Response.FromValue(found.Value!, found.GetRawResponse()) : throw TableError.ResourceNotFound.ToException();
    }

    public override async Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(
        string partitionKey,
        string rowKey,
        IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(partitionKey);
        ArgumentNullException.ThrowIfNull(rowKey);
        // Reading is synchronous, but its exceptions belong in the task.
        var (response, entity) = await ValueTask.FromResult(tables.Read(name, partitionKey, rowKey, ToArray(select), cancellationToken));
        return entity is null ? new NoValue<T>(response) : Response.FromValue(Cast<T>(entity), response);
    }

    public override Task<Response> UpdateEntityAsync<T>(
        T entity,
        ETag ifMatch,
        TableUpdateMode mode = TableUpdateMode.Merge,
        CancellationToken cancellationToken = default
    )
    {
        if (ifMatch == default)
        {
            throw new ArgumentException("An ETag is required. Use ETag.All to update unconditionally.", nameof(ifMatch));
        }

        return WriteAsync(
            mode == TableUpdateMode.Merge ? TableTransactionActionType.UpdateMerge : TableTransactionActionType.UpdateReplace,
            entity,
            ifMatch,
            cancellationToken
        );
    }

    public override Task<Response> UpsertEntityAsync<T>(
        T entity,
        TableUpdateMode mode = TableUpdateMode.Merge,
        CancellationToken cancellationToken = default
    ) =>
        WriteAsync(
            mode == TableUpdateMode.Merge ? TableTransactionActionType.UpsertMerge : TableTransactionActionType.UpsertReplace,
            entity,
            default,
            cancellationToken
        );

    public override Task<Response> DeleteEntityAsync(
        string partitionKey,
        string rowKey,
        ETag ifMatch = default,
        CancellationToken cancellationToken = default
    ) => WriteAsync(TableTransactionActionType.Delete, new TableEntity(partitionKey, rowKey), ifMatch, cancellationToken);

    public override Task<Response> DeleteEntityAsync(
        ITableEntity entity,
        ETag ifMatch = default,
        CancellationToken cancellationToken = default
    ) => WriteAsync(TableTransactionActionType.Delete, entity, ifMatch, cancellationToken);

    public override AsyncPageable<T> QueryAsync<T>(
        string? filter = null,
        int? maxPerPage = null,
        IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default
    ) =>
        new EntityPages<T>(
            (continuationToken, pageSize) =>
                tables.Query(name, new TableQuery(filter, pageSize ?? maxPerPage, ToArray(select), continuationToken), cancellationToken)
        );

    public override Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(
        IEnumerable<TableTransactionAction> transactionActions,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(transactionActions);
        var actions = transactionActions.ToArray();
        return actions.Length > 0
            ? tables.TransactAsync(name, actions, cancellationToken)
            : throw new InvalidOperationException("Transaction must contain at least one operation");
    }

    private static string[]? ToArray(IEnumerable<string>? select) => select?.ToArray() is { Length: > 0 } names ? names : null;

    private static T Cast<T>(TableEntity entity)
        where T : class, ITableEntity =>
        entity as T ?? throw new NotSupportedException($"The local host supports {nameof(TableEntity)} only, not {typeof(T).Name}.");

    private Task<Response> WriteAsync(TableTransactionActionType type, ITableEntity entity, ETag etag, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entity);
        return entity.PartitionKey is null || entity.RowKey is null
            ? throw new ArgumentNullException(nameof(entity), "An entity needs a partition key and a row key.")
            : tables.WriteAsync(name, new TableTransactionAction(type, entity, etag), cancellationToken);
    }

    private sealed class NoValue<T>(Response response) : NullableResponse<T>
    {
        public override bool HasValue => false;

        public override T Value => throw new InvalidOperationException("The entity does not exist.");

        public override Response GetRawResponse() => response;
    }

    private sealed class EntityPages<T>(Func<string?, int?, TablePage> getPage) : AsyncPageable<T>
        where T : class, ITableEntity
    {
        public override async IAsyncEnumerable<Page<T>> AsPages(string? continuationToken = null, int? pageSizeHint = null)
        {
            do
            {
                var page = await ValueTask.FromResult(getPage(continuationToken, pageSizeHint));
                continuationToken = page.ContinuationToken;
                yield return Page<T>.FromValues(page.Entities.Select(Cast<T>).ToArray(), continuationToken, new StoredResponse(200, []));
            } while (continuationToken is not null);
        }
    }
}
