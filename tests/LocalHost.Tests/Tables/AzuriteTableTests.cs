using Azure.Data.Tables;

namespace LocalHost.Tests.Tables;

public sealed class AzuriteTableTests : TableContractTests
{
    protected override async Task<TableServiceClient> ConnectAsync() => new((await AzuriteServer.SharedAsync()).ConnectionString);

    [Fact]
    public async Task Azurite_keeps_its_data_when_it_is_restarted()
    {
        using var folder = new TemporaryFolder();
        await using var server = await AzuriteServer.StartAsync(folder.Path);
        var rows = new TableServiceClient(server.ConnectionString).GetTableClient("rows");
        await rows.CreateIfNotExistsAsync();
        await rows.AddEntityAsync(Row("r", 1));

        await server.StopAsync();
        await server.StartAgainAsync();

        Assert.True((await rows.GetEntityIfExistsAsync<TableEntity>("p", "r")).HasValue);
    }
}
