using Azure;
using Azure.Data.Tables;

namespace LocalHost.Tests.Tables;

/// <summary>What the app may expect of a table, whichever back end responds.</summary>
public abstract partial class TableContractTests : IAsyncLifetime
{
    private protected TableServiceClient service = null!;
    private protected TableClient table = null!;

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
        await FailsAsync(
            404,
            "TableNotFound",
            async () => await absent.QueryAsync<TableEntity>().AsPages().GetAsyncEnumerator().MoveNextAsync()
        );
    }

    [Fact]
    public async Task Every_write_returns_a_new_etag_and_a_later_timestamp()
    {
        var added = await table.AddEntityAsync(Row("r", 1));
        var first = await GetAsync("p", "r");

        var updated = await table.UpdateEntityAsync(Row("r", 2), first.ETag, TableUpdateMode.Replace);

        var second = await GetAsync("p", "r");
        Assert.NotEqual(added.Headers.ETag, updated.Headers.ETag);
        Assert.Equal(updated.Headers.ETag, second.ETag);
        Assert.True(second.Timestamp > first.Timestamp);
        Assert.StartsWith("W/\"datetime'", second.ETag.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TableUpdateMode.Merge)]
    [InlineData(TableUpdateMode.Replace)]
    public async Task Update_is_refused_when_the_etag_is_old(TableUpdateMode mode)
    {
        var old = (await table.AddEntityAsync(Row("r", 1))).Headers.ETag!.Value;
        await table.UpsertEntityAsync(Row("r", 2));

        await FailsAsync(412, "UpdateConditionNotSatisfied", () => table.UpdateEntityAsync(Row("r", 3), old, mode));

        Assert.Equal(2, (await GetAsync("p", "r")).GetInt32("Value"));
    }

    [Theory]
    [InlineData(TableUpdateMode.Merge)]
    [InlineData(TableUpdateMode.Replace)]
    public async Task Update_is_refused_when_the_entity_is_absent(TableUpdateMode mode) =>
        await FailsAsync(404, "ResourceNotFound", () => table.UpdateEntityAsync(Row("absent", 1), ETag.All, mode));

    [Fact]
    public async Task Update_with_a_wildcard_needs_no_etag()
    {
        await table.AddEntityAsync(Row("r", 1));

        await table.UpdateEntityAsync(Row("r", 2), ETag.All);
        await Assert.ThrowsAsync<ArgumentException>(() => table.UpdateEntityAsync(Row("r", 3), default));

        Assert.Equal(2, (await GetAsync("p", "r")).GetInt32("Value"));
    }

    [Fact]
    public async Task Merge_keeps_other_properties_and_replace_does_not()
    {
        await table.AddEntityAsync(new TableEntity("p", "r") { ["A"] = 1, ["B"] = "b" });

        await table.UpsertEntityAsync(
            new TableEntity("p", "r")
            {
                ["A"] = "now a text",
                ["C"] = true,
                ["B"] = null!,
            },
            TableUpdateMode.Merge
        );
        var merged = await GetAsync("p", "r");
        await table.UpsertEntityAsync(new TableEntity("p", "r") { ["D"] = 4 }, TableUpdateMode.Replace);
        var replaced = await GetAsync("p", "r");

        Assert.Equal(("now a text", "b", true), (merged.GetString("A"), merged.GetString("B"), merged.GetBoolean("C")));
        Assert.Equal(["D", "PartitionKey", "RowKey", "Timestamp", "odata.etag"], replaced.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(TableUpdateMode.Merge)]
    [InlineData(TableUpdateMode.Replace)]
    public async Task Upsert_inserts_what_is_absent(TableUpdateMode mode)
    {
        var response = await table.UpsertEntityAsync(Row("r", 7), mode);

        var entity = await GetAsync("p", "r");
        Assert.Equal((204, 7), (response.Status, entity.GetInt32("Value")));
        Assert.Equal(response.Headers.ETag, entity.ETag);
    }

    [Fact]
    public async Task Delete_removes_the_entity_and_is_a_404_without_an_exception_when_it_is_absent()
    {
        await table.AddEntityAsync(Row("r", 1));

        var first = await table.DeleteEntityAsync("p", "r");
        var second = await table.DeleteEntityAsync("p", "r");
        var elsewhere = await service.GetTableClient("absent").DeleteEntityAsync("p", "r");

        Assert.Equal((204, 404, 404), (first.Status, second.Status, elsewhere.Status));
        Assert.False((await table.GetEntityIfExistsAsync<TableEntity>("p", "r")).HasValue);
    }

    [Fact]
    public async Task Delete_is_refused_when_the_etag_is_old()
    {
        var old = (await table.AddEntityAsync(Row("r", 1))).Headers.ETag!.Value;
        var current = (await table.UpsertEntityAsync(Row("r", 2))).Headers.ETag!.Value;

        await FailsAsync(412, "UpdateConditionNotSatisfied", () => table.DeleteEntityAsync("p", "r", old));
        var deleted = await table.DeleteEntityAsync("p", "r", current);

        Assert.Equal(204, deleted.Status);
    }

    [Fact]
    public async Task Read_returns_the_selected_properties_and_the_etag()
    {
        await table.AddEntityAsync(new TableEntity("p", "r") { ["A"] = 1, ["B"] = 2 });

        var entity = (await table.GetEntityIfExistsAsync<TableEntity>("p", "r", ["A", "RowKey", "Missing"])).Value!;

        Assert.Equal((1, "r"), (entity.GetInt32("A"), entity.RowKey));
        Assert.Null(entity.GetInt32("B"));
        Assert.Null(entity.GetString("Missing"));
        Assert.Null(entity.PartitionKey);
        Assert.NotEqual(default, entity.ETag);
    }

    [Fact]
    public async Task Only_one_of_concurrent_adds_succeeds()
    {
        var results = await Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(async i =>
                {
                    try
                    {
                        return (await table.AddEntityAsync(Row("r", i))).Status;
                    }
                    catch (RequestFailedException failure)
                    {
                        return failure.Status;
                    }
                })
        );

        Assert.Equal((1, 19), (results.Count(status => status == 204), results.Count(status => status == 409)));
    }

    protected static TableEntity Row(string rowKey, int value) => new("p", rowKey) { ["Value"] = value };

    protected async Task<TableEntity> GetAsync(string partitionKey, string rowKey) =>
        (await table.GetEntityIfExistsAsync<TableEntity>(partitionKey, rowKey)).Value!;

    protected static async Task FailsAsync(int status, string code, Func<Task> action)
    {
        var failure = await Assert.ThrowsAnyAsync<RequestFailedException>(action);
        Assert.Equal((status, code), (failure.Status, failure.ErrorCode));
    }
}
