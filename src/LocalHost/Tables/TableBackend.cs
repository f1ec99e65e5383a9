using Azure;
using Azure.Data.Tables;
using LocalHost.Tables.Embedded;
using LocalHost.Tables.Rest;

namespace LocalHost.Tables;

/// <summary>
/// What the clients of <c>Azure.Data.Tables</c> stand on: the embedded store or a server. Failures are <see cref="RequestFailedException"/> with the
/// status and error code of the Table service; absent entities are values where the real client says so.
/// </summary>
internal abstract class TableBackend
{
    private const string EmbeddedStore = "EmbeddedStore=";

    public static TableBackend Connect(string connectionString) =>
        connectionString.StartsWith(EmbeddedStore, StringComparison.OrdinalIgnoreCase)
            ? new EmbeddedTables(DataFolder.Find(connectionString[EmbeddedStore.Length..].TrimEnd(';')).Tables)
            : new RestTables(StorageAccount.Parse(connectionString), new TableClientOptions());

    public abstract Task<Response> CreateTableIfNotExistsAsync(string table, CancellationToken cancellationToken);

    /// <summary>The entity is null where the response is a 404.</summary>
    public abstract Task<(Response Response, TableEntity? Entity)> ReadAsync(string table, string partitionKey, string rowKey, string[]? select, CancellationToken cancellationToken);

    /// <summary>A delete of what is absent answers 404; every other refusal throws.</summary>
    public abstract Task<Response> WriteAsync(string table, TableTransactionAction action, CancellationToken cancellationToken);

    public abstract Task<Response<IReadOnlyList<Response>>> TransactAsync(string table, IReadOnlyList<TableTransactionAction> actions, CancellationToken cancellationToken);

    public abstract Task<TablePage> QueryAsync(string table, TableQuery query, CancellationToken cancellationToken);

    protected static TableEntity EntityOf(TableTransactionAction action) =>
        action.Entity as TableEntity ?? throw new NotSupportedException($"Entities are {nameof(TableEntity)} on the local host, not {action.Entity.GetType().Name}.");
}

internal sealed record TableQuery(string? Filter, int? Top, string[]? Select, string? ContinuationToken);

internal sealed record TablePage(Response Response, IReadOnlyList<TableEntity> Entities, string? ContinuationToken);
