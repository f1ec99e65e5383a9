using Azure;
using Azure.Data.Tables;

namespace LocalHost.Tests.Tables;

public abstract partial class TableContractTests
{
    [Fact]
    public async Task Transaction_applies_all_actions()
    {
        await table.AddEntityAsync(new TableEntity("p", "merged") { ["A"] = 1 });
        await table.AddEntityAsync(new TableEntity("p", "replaced") { ["A"] = 1 });
        var etag = (await table.AddEntityAsync(new TableEntity("p", "updated") { ["A"] = 1 })).Headers.ETag!.Value;
        await table.AddEntityAsync(Row("deleted", 1));

        var response = await table.SubmitTransactionAsync([
            new(TableTransactionActionType.Add, new TableEntity("p", "added") { ["B"] = 1 }),
            new(TableTransactionActionType.UpsertMerge, new TableEntity("p", "merged") { ["B"] = 2 }),
            new(TableTransactionActionType.UpsertReplace, new TableEntity("p", "replaced") { ["B"] = 3 }),
            new(TableTransactionActionType.UpdateMerge, new TableEntity("p", "updated") { ["B"] = 4 }, etag),
            new(TableTransactionActionType.Delete, new TableEntity("p", "deleted")),
            new(TableTransactionActionType.UpdateReplace, new TableEntity("p", "absent") { ["B"] = 5 }),
        ]);

        var rows = (await QueryAsync("PartitionKey eq 'p'")).ToDictionary(row => row.RowKey, StringComparer.Ordinal);
        Assert.Equal(202, response.GetRawResponse().Status);
        Assert.Equal([204, 204, 204, 204, 204, 204], response.Value.Select(part => part.Status));
        Assert.Equal(["absent", "added", "merged", "replaced", "updated"], rows.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(rows["added"].ETag, response.Value[0].Headers.ETag);
        Assert.Equal((1, 2), (rows["merged"].GetInt32("A"), rows["merged"].GetInt32("B")));
        Assert.Equal((null, 3), (rows["replaced"].GetInt32("A"), rows["replaced"].GetInt32("B")));
        Assert.Equal((1, 4), (rows["updated"].GetInt32("A"), rows["updated"].GetInt32("B")));
    }

    [Theory]
    [InlineData(TableTransactionActionType.Add, "there", false, 409, "EntityAlreadyExists")]
    [InlineData(TableTransactionActionType.UpdateMerge, "there", true, 412, "UpdateConditionNotSatisfied")]
    [InlineData(TableTransactionActionType.UpdateReplace, "there", true, 412, "UpdateConditionNotSatisfied")]
    [InlineData(TableTransactionActionType.Delete, "there", true, 412, "UpdateConditionNotSatisfied")]
    [InlineData(TableTransactionActionType.UpdateMerge, "absent", true, 404, "ResourceNotFound")]
    [InlineData(TableTransactionActionType.Delete, "absent", false, 404, "ResourceNotFound")]
    public async Task Transaction_applies_nothing_and_names_the_action_when_one_is_refused(
        TableTransactionActionType type,
        string rowKey,
        bool withOldETag,
        int status,
        string code
    )
    {
        var old = (await table.AddEntityAsync(Row("there", 1))).Headers.ETag!.Value;
        await table.UpsertEntityAsync(Row("there", 2));

        var failure = await Assert.ThrowsAsync<TableTransactionFailedException>(() =>
            table.SubmitTransactionAsync([
                new(TableTransactionActionType.Add, Row("new1", 1)),
                new(TableTransactionActionType.UpsertReplace, Row("new2", 1)),
                new(type, Row(rowKey, 3), withOldETag ? old : default),
                new(TableTransactionActionType.Add, Row("new3", 1)),
            ])
        );

        Assert.Equal((status, code, 2), (failure.Status, failure.ErrorCode, failure.FailedTransactionActionIndex));
        Assert.Equal(["p/there"], Keys(await QueryAsync(null)));
        Assert.Equal(2, (await GetAsync("p", "there")).GetInt32("Value"));
    }

    [Fact]
    public async Task Transaction_is_refused_when_it_has_an_entity_twice()
    {
        var failure = await Assert.ThrowsAsync<TableTransactionFailedException>(() =>
            table.SubmitTransactionAsync([
                new(TableTransactionActionType.UpsertReplace, Row("r", 1)),
                new(TableTransactionActionType.UpsertReplace, Row("r", 2)),
            ])
        );

        Assert.Equal((400, "InvalidDuplicateRow"), (failure.Status, failure.ErrorCode));
        Assert.Empty(await QueryAsync(null));
    }

    [Fact]
    public async Task Transaction_accepts_100_entities()
    {
        await table.SubmitTransactionAsync(
            Enumerable.Range(0, 100).Select(i => new TableTransactionAction(TableTransactionActionType.Add, Row($"a{i}", i)))
        );

        Assert.Equal(100, (await QueryAsync(null)).Count);
    }

    [Fact]
    public async Task Transaction_accepts_at_most_4_MiB()
    {
        TableTransactionAction Action(string rowKey, int bytes) =>
            new(TableTransactionActionType.Add, new TableEntity("p", rowKey) { ["A"] = new byte[bytes] });

        await table.SubmitTransactionAsync(Enumerable.Range(0, 45).Select(i => Action($"a{i}", 64 * 1024)));
        var failure = await Assert.ThrowsAsync<RequestFailedException>(() =>
            table.SubmitTransactionAsync(Enumerable.Range(0, 50).Select(i => Action($"b{i}", 64 * 1024)))
        );

        Assert.Equal((413, "RequestBodyTooLarge"), (failure.Status, failure.ErrorCode));
        Assert.Equal(45, (await QueryAsync(null)).Count);
    }

    [Fact]
    public async Task Transaction_on_an_absent_table_is_refused()
    {
        var failure = await Assert.ThrowsAsync<TableTransactionFailedException>(() =>
            service.GetTableClient("absent").SubmitTransactionAsync([new(TableTransactionActionType.Add, Row("r", 1))])
        );

        Assert.Equal((404, "TableNotFound"), (failure.Status, failure.ErrorCode));
    }

    [Fact]
    public async Task Empty_transaction_is_refused() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => table.SubmitTransactionAsync([]));
}
