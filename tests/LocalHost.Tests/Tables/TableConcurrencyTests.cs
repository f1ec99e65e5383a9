using Azure;
using Azure.Data.Tables;

namespace LocalHost.Tests.Tables;

public sealed class TableConcurrencyTests : TableDatabaseTestBase
{
    [Fact]
    public async Task One_of_many_concurrent_updates_with_the_same_etag_succeeds()
    {
        await OpenAsync();
        for (var round = 0; round < 20; round++)
        {
            await _table.UpsertEntityAsync(Row("r", -1));
            var etag = (await GetAsync("r"))!.ETag;

            var won = await Task.WhenAll(
                Enumerable
                    .Range(0, 50)
                    .Select(i =>
                        Task.Run(() =>
                            SucceedsAsync(() =>
                                i % 2 == 0
                                    ? _table.UpdateEntityAsync(Row("r", i), etag, TableUpdateMode.Replace)
                                    : _table.SubmitTransactionAsync([
                                        new(TableTransactionActionType.UpsertReplace, Row("other", i)),
                                        new(TableTransactionActionType.UpdateMerge, Row("r", i), etag),
                                    ])
                            )
                        )
                    )
            );

            Assert.Equal((await GetAsync("r"))!.GetInt32("Value"), Array.IndexOf(won, true));
            Assert.Single(won, true);
        }
    }

    [Fact]
    public async Task Update_is_never_lost_when_many_write_one_entity_by_etag()
    {
        await OpenAsync();
        await _table.AddEntityAsync(Row("counter", 0));

        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        for (var done = 0; done < 100; )
                        {
                            var entity = (await GetAsync("counter"))!;
                            entity["Value"] = entity.GetInt32("Value")!.Value + 1;
                            done += await SucceedsAsync(() => _table.UpdateEntityAsync(entity, entity.ETag, TableUpdateMode.Replace))
                                ? 1
                                : 0;
                        }
                    })
                )
        );

        Assert.Equal(800, (await GetAsync("counter"))!.GetInt32("Value"));
    }

    [Fact]
    public async Task Page_is_a_consistent_snapshot_while_its_rows_are_written()
    {
        await OpenAsync();
        using var done = new CancellationTokenSource();
        var writers = Enumerable
            .Range(0, 4)
            .Select(writer =>
                Task.Run(async () =>
                {
                    for (var i = 0; i < 150; i++)
                    {
                        await _table.SubmitTransactionAsync(
                            Enumerable
                                .Range(0, 20)
                                .Select(row => new TableTransactionAction(
                                    TableTransactionActionType.UpsertReplace,
                                    new TableEntity($"p{writer}", $"{row}")
                                    {
                                        ["A"] = i,
                                        ["B"] = i,
                                        ["Filler"] = new byte[200],
                                    }
                                ))
                        );
                    }
                })
            )
            .ToArray();
        var readers = Enumerable
            .Range(0, 2)
            .Select(_ =>
                Task.Run(async () =>
                {
                    var read = 0;
                    while (!done.IsCancellationRequested)
                    {
                        await foreach (var page in _table.QueryAsync<TableEntity>().AsPages())
                        {
                            Assert.All(
                                page.Values.GroupBy(entity => entity.PartitionKey),
                                partition =>
                                {
                                    Assert.Equal(20, partition.Count());
                                    Assert.Single(
                                        partition.SelectMany(entity => new[] { entity.GetInt32("A"), entity.GetInt32("B") }).Distinct()
                                    );
                                }
                            );
                            read += page.Values.Count;
                        }
                    }

                    return read;
                })
            )
            .ToArray();

        await Task.WhenAll(writers);
        await done.CancelAsync();

        Assert.All(await Task.WhenAll(readers), count => Assert.True(count > 0));
        await ReopenAsync();
        Assert.Equal(80, (await RowKeysAsync()).Length);
    }

    private static async Task<bool> SucceedsAsync(Func<Task> update)
    {
        try
        {
            await update();
            return true;
        }
        catch (RequestFailedException failure) when (failure.Status == 412)
        {
            return false;
        }
    }
}
