using Azure.Data.Tables;
using LocalHost.Tables;
using LocalHost.Tests.Storage;

namespace LocalHost.Tests.Tables;

public sealed partial class LocalTableTests : TableContractTests, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private DataFolder? data;

    public void Dispose()
    {
        data?.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Tables_are_independent()
    {
        string[] names = ["row", "rows", "rows1", "ROWSA"];
        foreach (var name in names)
        {
            await service.GetTableClient(name).CreateIfNotExistsAsync();
            await service.GetTableClient(name).AddEntityAsync(new TableEntity("p", "r") { ["Table"] = name });
        }

        foreach (var name in names)
        {
            var other = service.GetTableClient(name.ToLowerInvariant());
            Assert.Equal(name, (await other.GetEntityAsync<TableEntity>("p", "r")).Value.GetString("Table"));
            await foreach (var row in other.QueryAsync<TableEntity>())
            {
                Assert.Equal(name, row.GetString("Table"));
            }
        }
    }

    [Fact]
    public async Task Query_decodes_no_more_than_what_is_selected()
    {
        // A property of a type that there isn't.
        byte[] row = [0, 0, 0, 0, 0, 0, 0, 1, 1, (byte)'A', 0xEE, 0];
        await data!.Database.WriteAsync(new Do(batch => batch.Put(RowKey.Encode(RowKey.PrefixOf(table.Name), "p", "r"), row)));

        const string Filter = "PartitionKey eq 'p' and Timestamp lt datetime'2020-01-01T00:00:00Z'";

        await foreach (var entity in table.QueryAsync<TableEntity>(Filter, select: ["RowKey"]))
        {
            Assert.Equal("r", entity.RowKey);
        }

        Assert.Null((await table.GetEntityAsync<TableEntity>("p", "r", ["B"])).Value["B"]);
        await Assert.ThrowsAsync<InvalidDataException>(() => QueryAsync(Filter));
    }

    protected override Task<TableServiceClient> ConnectAsync()
    {
        data = DataFolder.Open(folder.Path, TimeProvider.System);
        return Task.FromResult<TableServiceClient>(new LocalTableServiceClient(data.Tables));
    }
}
