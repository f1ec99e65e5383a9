using Azure.Core;
using LocalHost.Tables;
using LocalHost.Tables.Rest;

namespace Azure.Data.Tables;

/// <summary>
/// A Table service: the embedded store (<c>EmbeddedStore=/full/path/of/the/data/folder</c>), or a server over REST: Azurite
/// (<c>UseDevelopmentStorage=true</c>), a storage account by its key (a connection string), or by an identity (its URI).
/// </summary>
public class TableServiceClient
{
    private readonly TableBackend _backend = null!;

    protected TableServiceClient() { }

    /// <exception cref="FormatException">The connection string lacks what it needs; the message says what, and no secret.</exception>
    public TableServiceClient(string connectionString)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        _backend = TableBackend.Connect(connectionString);
    }

    public TableServiceClient(Uri endpoint, TokenCredential tokenCredential, TableClientOptions? options = null) =>
        _backend = new RestTables(endpoint, tokenCredential, options ?? new TableClientOptions());

    public virtual TableClient GetTableClient(string tableName) => new(_backend, tableName);
}

public class TableClientOptions : ClientOptions
{
    internal TableClientOptions() { }
}
