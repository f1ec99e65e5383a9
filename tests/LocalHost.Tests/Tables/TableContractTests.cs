using Azure;
using Azure.Data.Tables;

namespace LocalHost.Tests.Tables;

/// <summary>What the app may expect of a table, whichever back end answers.</summary>
public abstract partial class TableContractTests : IAsyncLifetime
{
    private TableServiceClient service = null!;
    private TableClient table = null!;

    protected abstract Task<TableServiceClient> ConnectAsync();

    public async Task InitializeAsync()
    {
        service = await ConnectAsync();
        table = service.GetTableClient("t" + Guid.NewGuid().ToString("N"));
        await table.CreateIfNotExistsAsync();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Table_is_created_once_and_again_without_error()
    {
        var response = await table.CreateIfNotExistsAsync();

        Assert.Equal(table.Name, response.Value.Name);
        Assert.Equal(409, response.GetRawResponse().Status);
    }

    [Fact]
    public async Task Entity_is_read_as_it_was_added()
    {
        var before = DateTimeOffset.UtcNow.AddSeconds(-5);
        var added = await table.AddEntityAsync(new TableEntity("p", "r") { ["Name"] = "first", ["Count"] = 3 });

        var entity = await GetAsync("p", "r");

        Assert.Equal(204, added.Status);
        Assert.Equal(added.Headers.ETag, entity.ETag);
        Assert.Equal(("p", "r", "first", 3), (entity.PartitionKey, entity.RowKey, entity.GetString("Name"), entity.GetInt32("Count")));
        Assert.InRange(entity.Timestamp!.Value, before, DateTimeOffset.UtcNow.AddSeconds(5));
    }

    [Fact]
    public async Task Add_is_refused_when_the_entity_exists()
    {
        await table.AddEntityAsync(Row("r", 1));

        await FailsAsync(409, "EntityAlreadyExists", () => table.AddEntityAsync(Row("r", 2)));

        Assert.Equal(1, (await GetAsync("p", "r")).GetInt32("Value"));
    }

    [Fact]
    public async Task Absent_entity_has_no_value()
    {
        var response = await table.GetEntityIfExistsAsync<TableEntity>("p", "absent");

        Assert.False(response.HasValue);
        Assert.Equal(404, response.GetRawResponse().Status);
    }

    [Fact]
    public async Task Absent_table_is_an_error_for_writes_and_queries_and_no_value_for_reads()
    {
        var absent = service.GetTableClient("absent");

        Assert.False((await absent.GetEntityIfExistsAsync<TableEntity>("p", "r")).HasValue);
        await FailsAsync(404, "TableNotFound", () => absent.AddEntityAsync(Row("r", 1)));
        await FailsAsync(404, "TableNotFound", async () => await absent.QueryAsync<TableEntity>().AsPages().GetAsyncEnumerator().MoveNextAsync());
    }

    protected static TableEntity Row(string rowKey, int value) => new("p", rowKey) { ["Value"] = value };

    private async Task<TableEntity> GetAsync(string partitionKey, string rowKey) => (await table.GetEntityIfExistsAsync<TableEntity>(partitionKey, rowKey)).Value!;

    private static async Task FailsAsync(int status, string code, Func<Task> action)
    {
        var failure = await Assert.ThrowsAnyAsync<RequestFailedException>(action);
        Assert.Equal((status, code), (failure.Status, failure.ErrorCode));
    }
}
