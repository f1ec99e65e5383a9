using Azure.Data.Tables;
using LocalHost;
using LocalHost.Tables;

namespace EventSubscriptions.Tests.Storage;

/// <summary>A table service to test stores on. Tests share it and keep apart by organization.</summary>
public interface ITableStores
{
    /// <summary>A client of a service that has the tables.</summary>
    Task<TableServiceClient> ConnectAsync();
}

/// <summary>The tables of the local host.</summary>
public sealed class LocalStores : ITableStores
{
    private static readonly Lazy<Task<TableServiceClient>> s_client = new(() =>
    {
        var folder = Directory.CreateTempSubdirectory("tables-");
        var data = DataFolder.Open(folder.FullName, TimeProvider.System);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            data.Dispose();
            folder.Delete(recursive: true);
        };
        return Given.WithTablesAsync(new LocalTableServiceClient(data.Tables));
    });

    public Task<TableServiceClient> ConnectAsync() => s_client.Value;
}

/// <summary>Azurite.</summary>
public sealed class AzuriteStores : ITableStores
{
    private static readonly Lazy<Task<TableServiceClient>> s_client = new(async () =>
    {
        var azurite = await AzuriteServer.SharedAsync();
        return await Given.WithTablesAsync(new TableServiceClient(azurite.ConnectionString));
    });

    public Task<TableServiceClient> ConnectAsync() => s_client.Value;
}
