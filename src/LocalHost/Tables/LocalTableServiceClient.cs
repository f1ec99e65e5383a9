using Azure.Data.Tables;

namespace LocalHost.Tables;

/// <summary>The client of the tables in the data folder.</summary>
internal sealed class LocalTableServiceClient(TableStore tables) : TableServiceClient
{
    public override TableClient GetTableClient(string tableName) => new LocalTableClient(tables, tableName);
}
