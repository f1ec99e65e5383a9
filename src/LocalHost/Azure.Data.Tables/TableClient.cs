using Azure.Data.Tables.Models;
using LocalHost.Tables;

namespace Azure.Data.Tables;

/// <summary>Works with one table. Entities are <see cref="TableEntity"/>; other types are not supported here.</summary>
public class TableClient
{
    private readonly TableBackend _backend = null!;
    private readonly string _name = "";

    protected TableClient() { }

    internal TableClient(TableBackend backend, string name) => (_backend, _name) = (backend, name);

    /// <summary>Formats each hole of the string as an OData literal: quoted and escaped, with the suffix or prefix of its type.</summary>
    public static string CreateQueryFilter(FormattableString filter) => ODataLiteral.Interpolate(filter);

    /// <summary>An existing table is no error.</summary>
    public virtual async Task<Response<TableItem>> CreateIfNotExistsAsync(CancellationToken cancellationToken = default) =>
        Response.FromValue(new TableItem(), await _backend.CreateTableIfNotExistsAsync(_name, cancellationToken));

    /// <exception cref="RequestFailedException">409 <c>EntityAlreadyExists</c>.</exception>
    public virtual Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default) where T : ITableEntity =>
        WriteAsync(TableTransactionActionType.Add, entity, default, cancellationToken);

    /// <summary>A response without a value where the entity, or the table, is absent.</summary>
    public virtual async Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(string partitionKey, string rowKey, IEnumerable<string>? select = null, CancellationToken cancellationToken = default) where T : class, ITableEntity
    {
        ArgumentNullException.ThrowIfNull(partitionKey);
        ArgumentNullException.ThrowIfNull(rowKey);
        var (response, entity) = await _backend.ReadAsync(_name, partitionKey, rowKey, select?.ToArray(), cancellationToken);
        return entity is null ? new NoValue<T>(response) : Response.FromValue(To<T>(entity), response);
    }

    /// <exception cref="RequestFailedException">404 <c>ResourceNotFound</c>, 412 <c>UpdateConditionNotSatisfied</c>.</exception>
    public virtual Task<Response> UpdateEntityAsync<T>(T entity, ETag ifMatch, TableUpdateMode mode = TableUpdateMode.Merge, CancellationToken cancellationToken = default) where T : ITableEntity
    {
        if (ifMatch == default)
        {
            throw new ArgumentException("An ETag is required; ETag.All updates whatever is there.", nameof(ifMatch));
        }

        return WriteAsync(mode == TableUpdateMode.Merge ? TableTransactionActionType.UpdateMerge : TableTransactionActionType.UpdateReplace, entity, ifMatch, cancellationToken);
    }

    public virtual Task<Response> UpsertEntityAsync<T>(T entity, TableUpdateMode mode = TableUpdateMode.Merge, CancellationToken cancellationToken = default) where T : ITableEntity =>
        WriteAsync(mode == TableUpdateMode.Merge ? TableTransactionActionType.UpsertMerge : TableTransactionActionType.UpsertReplace, entity, default, cancellationToken);

    /// <summary>An absent entity, or table, is no error: the response's status is 404. Without <paramref name="ifMatch"/> the entity goes whatever it holds.</summary>
    /// <exception cref="RequestFailedException">412 <c>UpdateConditionNotSatisfied</c>.</exception>
    public virtual Task<Response> DeleteEntityAsync(string partitionKey, string rowKey, ETag ifMatch = default, CancellationToken cancellationToken = default) =>
        WriteAsync(TableTransactionActionType.Delete, new TableEntity(partitionKey, rowKey), ifMatch, cancellationToken);

    /// <summary>Entities in the order of partition key and row key, at most <paramref name="maxPerPage"/> (1,000) a page.</summary>
    public virtual AsyncPageable<T> QueryAsync<T>(string? filter = null, int? maxPerPage = null, IEnumerable<string>? select = null, CancellationToken cancellationToken = default) where T : class, ITableEntity =>
        new EntityPages<T>((continuationToken, pageSize) => _backend.QueryAsync(
            _name, new TableQuery(filter, pageSize ?? maxPerPage, select?.ToArray(), continuationToken), cancellationToken));

    /// <summary>All or nothing: at most 100 entities of one partition, each once, at most 4 MiB.</summary>
    /// <exception cref="TableTransactionFailedException">The service refused one of the actions, and so all of them.</exception>
    /// <exception cref="InvalidOperationException">There are no actions.</exception>
    public virtual Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(IEnumerable<TableTransactionAction> transactionActions, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transactionActions);
        var actions = transactionActions.ToArray();
        if (actions.Length == 0)
        {
            throw new InvalidOperationException("Transaction must contain at least one operation");
        }

        return _backend.TransactAsync(_name, actions, cancellationToken);
    }

    internal static T To<T>(TableEntity entity) where T : class, ITableEntity =>
        entity as T ?? throw new NotSupportedException($"Entities are {nameof(TableEntity)} on the local host, not {typeof(T).Name}.");

    private Task<Response> WriteAsync(TableTransactionActionType type, ITableEntity entity, ETag etag, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entity);
        if (entity.PartitionKey is null || entity.RowKey is null)
        {
            throw new ArgumentNullException(nameof(entity), "An entity needs a partition key and a row key.");
        }

        return _backend.WriteAsync(_name, new TableTransactionAction(type, entity, etag), cancellationToken);
    }

    private sealed class NoValue<T>(Response response) : NullableResponse<T>
    {
        public override bool HasValue => false;

        public override T Value => throw new InvalidOperationException("The entity does not exist.");

        public override Response GetRawResponse() => response;
    }

    private sealed class EntityPages<T>(Func<string?, int?, Task<TablePage>> next) : AsyncPageable<T> where T : class, ITableEntity
    {
        public override async IAsyncEnumerable<Page<T>> AsPages(string? continuationToken = null, int? pageSizeHint = null)
        {
            do
            {
                var page = await next(continuationToken, pageSizeHint);
                continuationToken = page.ContinuationToken;
                yield return Page<T>.FromValues(page.Entities.Select(To<T>).ToArray(), continuationToken, page.Response);
            }
            while (continuationToken is not null);
        }
    }
}

public enum TableUpdateMode
{
    Merge = 0,
    Replace = 1,
}
