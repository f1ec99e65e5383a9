using Azure;
using Azure.Data.Tables;
using LocalHost.Storage;
using LocalHost.Tables;
using LocalHost.Tests.Storage;

namespace LocalHost.Tests.Tables;

public sealed class TableDurabilityTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly TestClock time = new();
    private Database? database;
    private TableServiceClient service = null!;
    private TableClient table = null!;

    private string Folder => Path.Combine(folder.Path, "db");

    public void Dispose()
    {
        database?.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Entities_are_as_they_were_when_the_database_is_opened_again()
    {
        await OpenAsync();
        await table.UpsertEntityAsync(Row("kept", 1));
        time.Advance(TimeSpan.FromSeconds(1));
        var etag = (await table.UpsertEntityAsync(Row("kept", 2))).Headers.ETag;
        await table.UpsertEntityAsync(Row("deleted", 1));
        await table.DeleteEntityAsync("p", "deleted");
        await service.GetTableClient("empty").CreateIfNotExistsAsync();
        var before = await GetAsync("kept");

        await ReopenAsync();

        var after = await GetAsync("kept");
        Assert.Equal(2, after!.GetInt32("Value"));
        Assert.Equal(etag, after.ETag);
        Assert.Equal(before!.Timestamp, after.Timestamp);
        Assert.Null(await GetAsync("deleted"));
        Assert.Equal(409, (await service.GetTableClient("Empty").CreateIfNotExistsAsync()).GetRawResponse().Status);
    }

    [Fact]
    public async Task Timestamps_and_etags_go_on_when_the_clock_goes_back()
    {
        await OpenAsync();
        DateTimeOffset? last = null;
        (int, bool)[] steps = [(0, false), (-1, false), (-1, true), (2, false), (0, true), (-1, true), (0, false)];
        foreach (var (hours, reopens) in steps)
        {
            time.Jump(TimeSpan.FromHours(hours));
            if (reopens)
            {
                await ReopenAsync();
            }

            await table.UpsertEntityAsync(Row("a", 1));
            var timestamp = (await GetAsync("a"))!.Timestamp;
            Assert.True(last is null || timestamp > last);
            Assert.True(timestamp - (last > time.GetUtcNow() ? last : time.GetUtcNow()) < TimeSpan.FromSeconds(2));
            last = timestamp;
            await table.DeleteEntityAsync("p", "a");
        }
    }

    [Fact]
    public async Task Transaction_is_there_whole_or_not_at_all_wherever_the_last_write_was_cut_off()
    {
        await OpenAsync();
        await table.UpsertEntityAsync(Row("before", 1));
        var log = Assert.Single(Directory.GetFiles(Folder, "*.log"));
        var lengthBefore = new FileInfo(log).Length;
        await SubmitAsync(["a", "b", "c"]);
        var crashed = Folder;
        var length = new FileInfo(log).Length - lengthBefore;
        database!.Dispose();
        Assert.InRange(length, 50, 1000);

        for (var cut = 0; cut <= length; cut += cut < 5 || cut > length - 5 ? 1 : 9)
        {
            var copy = Path.Combine(folder.Path, "copy");
            CopyFolder(crashed, copy);
            using (var file = File.OpenWrite(Path.Combine(copy, Path.GetFileName(log))))
            {
                file.SetLength(file.Length - cut);
            }

            await OpenAsync(copy);
            Assert.Equal(cut == 0 ? ["a", "b", "before", "c"] : ["before"], await RowKeysAsync());
            database!.Dispose();
            Directory.Delete(copy, recursive: true);
        }
    }

    [Fact]
    public async Task Writes_fail_as_the_service_does_while_nothing_can_be_stored_and_nothing_acknowledged_is_lost()
    {
        // So small that a new log file is soon needed.
        var rocksDb = TestDatabase.Impatient.RocksDb + ";write_buffer_size=64K";
        await OpenAsync(Folder, TestDatabase.Impatient with { RocksDb = rocksDb });
        var away = Path.Combine(folder.Path, "away");
        Directory.Move(Folder, away);
        await File.WriteAllTextAsync(Folder, "No folder can be made here.");
        var stored = new List<string>();
        RequestFailedException? failure = null;
        while (failure is null)
        {
            try
            {
                time.Advance(TimeSpan.FromSeconds(2));
                var key = $"{stored.Count:D4}";
                await table.AddEntityAsync(new TableEntity("p", key) { ["Filler"] = new byte[4000] });
                stored.Add(key);
            }
            catch (RequestFailedException exception)
            {
                failure = exception;
            }
        }

        var inTransaction = await Assert.ThrowsAnyAsync<RequestFailedException>(() => SubmitAsync(["a", "b"]));
        Assert.Equal((500, "InternalError"), (failure.Status, failure.ErrorCode));
        Assert.Equal((500, "InternalError"), (inTransaction.Status, inTransaction.ErrorCode));

        File.Delete(Folder);
        Directory.Move(away, Folder);
        Assert.True(SpinWait.SpinUntil(() => database!.IsHealthy, TimeSpan.FromSeconds(30)));
        await table.UpsertEntityAsync(Row("after", 1));
        var after = await GetAsync("after");
        time.Jump(TimeSpan.FromHours(-1));
        await ReopenAsync();
        await table.UpsertEntityAsync(Row("after", 2));

        Assert.Equal([.. stored, "after"], (await RowKeysAsync()).Where(key => key != $"{stored.Count:D4}"));
        Assert.True((await GetAsync("after"))!.Timestamp > after!.Timestamp);
    }

    [Fact]
    public async Task One_of_many_updates_with_the_same_etag_wins()
    {
        await OpenAsync();
        for (var round = 0; round < 20; round++)
        {
            await table.UpsertEntityAsync(Row("r", -1));
            var etag = (await GetAsync("r"))!.ETag;

            var won = await Task.WhenAll(
                Enumerable
                    .Range(0, 50)
                    .Select(i =>
                        Task.Run(() =>
                            SucceedsAsync(() =>
                                i % 2 == 0
                                    ? table.UpdateEntityAsync(Row("r", i), etag, TableUpdateMode.Replace)
                                    : table.SubmitTransactionAsync([
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
    public async Task No_update_is_lost_when_many_write_one_entity_by_etag()
    {
        await OpenAsync();
        await table.AddEntityAsync(Row("counter", 0));

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
                            done += await SucceedsAsync(() => table.UpdateEntityAsync(entity, entity.ETag, TableUpdateMode.Replace))
                                ? 1
                                : 0;
                        }
                    })
                )
        );

        Assert.Equal(800, (await GetAsync("counter"))!.GetInt32("Value"));
    }

    [Fact]
    public async Task Rows_of_a_page_are_those_of_one_moment_while_they_are_written()
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
                        await table.SubmitTransactionAsync(
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
                        await foreach (var page in table.QueryAsync<TableEntity>().AsPages())
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

    private static TableEntity Row(string rowKey, int value) => new("p", rowKey) { ["Value"] = value };

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

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    private async Task OpenAsync(string? path = null, DatabaseOptions? options = null)
    {
        database = TestDatabase.Open(path ?? Folder, options);
        service = new LocalTableServiceClient(new TableStore(database, time));
        table = service.GetTableClient("rows");
        await table.CreateIfNotExistsAsync();
    }

    private async Task ReopenAsync()
    {
        database!.Dispose();
        await OpenAsync();
    }

    private async Task<TableEntity?> GetAsync(string rowKey)
    {
        var response = await table.GetEntityIfExistsAsync<TableEntity>("p", rowKey);
        return response.HasValue ? response.Value : null;
    }

    private async Task SubmitAsync(string[] rowKeys) =>
        await table.SubmitTransactionAsync(
            rowKeys.Select((key, i) => new TableTransactionAction(TableTransactionActionType.Add, Row(key, i)))
        );

    private async Task<string[]> RowKeysAsync()
    {
        var keys = new List<string>();
        await foreach (var entity in table.QueryAsync<TableEntity>())
        {
            keys.Add(entity.RowKey);
        }

        return [.. keys];
    }
}
