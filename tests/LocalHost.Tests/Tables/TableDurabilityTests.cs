using Azure;
using Azure.Data.Tables;
using LocalHost.Tables;
using LocalHost.Journaling;
using TestSupport;

namespace LocalHost.Tests.Tables;

public sealed class TableDurabilityTests : IDisposable
{
    private static readonly JournalOptions SmallSegments = new() { SegmentSize = 64 << 10, CompactionFloor = 128 << 10 };

    private readonly TemporaryFolder folder = new();
    private readonly ManualTimeProvider time = new();
    private DataFolder? data;
    private TableClient table = null!;

    public void Dispose()
    {
        data?.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Entities_are_as_they_were_when_the_folder_is_opened_again()
    {
        await OpenAsync();
        await table.UpsertEntityAsync(Row("kept", 1));
        time.Advance(TimeSpan.FromSeconds(1));
        var etag = (await table.UpsertEntityAsync(Row("kept", 2))).Headers.ETag;
        await table.UpsertEntityAsync(Row("deleted", 1));
        await table.DeleteEntityAsync("p", "deleted");
        var before = await GetAsync("kept");

        await ReopenAsync();

        var after = await GetAsync("kept");
        Assert.Equal(2, after!.GetInt32("Value"));
        Assert.Equal(etag, after.ETag);
        Assert.Equal(before!.Timestamp, after.Timestamp);
        Assert.Null(await GetAsync("deleted"));
        Assert.Equal(409, (await table.CreateIfNotExistsAsync()).GetRawResponse().Status);
    }

    [Fact]
    public async Task Timestamps_and_etags_go_on_when_the_clock_goes_back()
    {
        await OpenAsync();
        await table.UpsertEntityAsync(Row("a", 1));
        await ReopenAsync();
        time.SetUtcNow(time.GetUtcNow().AddHours(-1));

        await table.UpsertEntityAsync(Row("b", 1));

        Assert.True((await GetAsync("b"))!.Timestamp > (await GetAsync("a"))!.Timestamp);
    }

    [Fact]
    public async Task Transaction_is_there_whole_or_not_at_all_wherever_the_last_write_was_cut_off()
    {
        await OpenAsync();
        await table.UpsertEntityAsync(Row("before", 1));
        var lengthBefore = data!.Journal.TotalBytes;
        await SubmitAsync(TableTransactionActionType.Add, ["a", "b", "c"]);
        var length = data.Journal.TotalBytes - lengthBefore;
        data.Dispose();
        var journal = Assert.Single(Directory.GetFiles(Path.Combine(folder.Path, "journal"), "*.journal"));
        var whole = await File.ReadAllBytesAsync(journal);

        for (var cut = 1; cut <= length; cut++)
        {
            await File.WriteAllBytesAsync(journal, whole[..^cut]);
            await OpenAsync();
            Assert.Equal(["before"], await RowKeysAsync());
            data!.Dispose();
        }
    }

    [Fact]
    public async Task Compaction_keeps_what_lives_and_frees_the_rest()
    {
        await OpenAsync(SmallSegments);
        await SubmitAsync(TableTransactionActionType.Add, [.. Enumerable.Range(0, 100).Select(i => $"kept{i:D2}")]);
        var etag = (await GetAsync("kept50"))!.ETag;
        for (var i = 0; i < 2_000; i++)
        {
            await table.UpsertEntityAsync(new TableEntity("p", "changing") { ["Value"] = i, ["Filler"] = new byte[2000] });
        }

        await data!.Journal.Compaction;
        var size = data.Journal.TotalBytes;
        var rows = await RowKeysAsync();
        await ReopenAsync(SmallSegments);

        Assert.InRange(size, 0, 400 << 10);
        Assert.Equal(101, rows.Length);
        Assert.Equal(rows, await RowKeysAsync());
        Assert.Equal(1_999, (await GetAsync("changing"))!.GetInt32("Value"));
        Assert.Equal(etag, (await GetAsync("kept50"))!.ETag);
        Assert.Equal(409, (await table.CreateIfNotExistsAsync()).GetRawResponse().Status);
    }

    [Fact]
    public async Task Table_without_rows_is_there_when_the_journal_was_compacted()
    {
        await OpenAsync(SmallSegments);
        await EmptyTable().CreateIfNotExistsAsync();
        await ChurnAsync();
        await ReopenAsync(SmallSegments);

        Assert.Equal(409, (await EmptyTable().CreateIfNotExistsAsync()).GetRawResponse().Status);

        TableClient EmptyTable() => new LocalTableServiceClient(data!.Tables).GetTableClient("empty");
    }

    [Fact]
    public async Task Deleted_rows_stay_deleted_when_the_journal_was_compacted()
    {
        await OpenAsync(SmallSegments);
        await SubmitAsync(TableTransactionActionType.Add, ["a", "b"]);
        await table.DeleteEntityAsync("p", "a");
        await ChurnAsync();
        await ReopenAsync(SmallSegments);

        Assert.Equal(["b"], await RowKeysAsync());
    }

    [Fact]
    public async Task No_update_is_lost_when_many_write_one_entity_by_etag()
    {
        await OpenAsync(SmallSegments);
        await table.AddEntityAsync(Row("counter", 0));

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var done = 0; done < 100;)
            {
                var entity = (await GetAsync("counter"))!;
                entity["Value"] = entity.GetInt32("Value")!.Value + 1;
                done += await TryUpdateAsync(entity) ? 1 : 0;
            }
        })));

        Assert.Equal(800, (await GetAsync("counter"))!.GetInt32("Value"));

        async Task<bool> TryUpdateAsync(TableEntity entity)
        {
            try
            {
                await table.UpdateEntityAsync(entity, entity.ETag, TableUpdateMode.Replace);
                return true;
            }
            catch (RequestFailedException failure) when (failure.Status == 412)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task Rows_are_read_whole_while_they_are_written_and_compacted()
    {
        await OpenAsync(SmallSegments);
        using var done = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 150; i++)
            {
                await table.SubmitTransactionAsync(Enumerable.Range(0, 20).Select(row => new TableTransactionAction(
                    TableTransactionActionType.UpsertReplace, new TableEntity($"p{writer}", $"{row}") { ["A"] = i, ["B"] = i, ["Filler"] = new byte[200] })));
            }
        })).ToArray();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            var read = 0;
            while (!done.IsCancellationRequested)
            {
                await foreach (var entity in table.QueryAsync<TableEntity>())
                {
                    Assert.Equal(entity.GetInt32("A"), entity.GetInt32("B"));
                    read++;
                }
            }

            return read;
        })).ToArray();

        await Task.WhenAll(writers);
        await done.CancelAsync();
        var counts = await Task.WhenAll(readers);

        Assert.All(counts, count => Assert.True(count > 0));
        await data!.Journal.Compaction;
        await ReopenAsync(SmallSegments);
        Assert.Equal(80, (await RowKeysAsync()).Length);
    }

    private static TableEntity Row(string rowKey, int value) => new("p", rowKey) { ["Value"] = value };

    private async Task OpenAsync(JournalOptions? options = null)
    {
        data = DataFolder.Open(folder.Path, time, null, options);
        table = new LocalTableServiceClient(data!.Tables).GetTableClient("rows");
        await table.CreateIfNotExistsAsync();
    }

    private async Task ReopenAsync(JournalOptions? options = null)
    {
        data!.Dispose();
        await OpenAsync(options);
    }

    /// <summary>Writes and deletes so much that every segment that was there is compacted away.</summary>
    private async Task ChurnAsync()
    {
        for (var i = 0; i < 500; i++)
        {
            await table.UpsertEntityAsync(new TableEntity("q", "changing") { ["Filler"] = new byte[4000] });
            await table.DeleteEntityAsync("q", "changing");
        }

        await data!.Journal.Compaction;
    }

    private async Task<TableEntity?> GetAsync(string rowKey)
    {
        var response = await table.GetEntityIfExistsAsync<TableEntity>("p", rowKey);
        return response.HasValue ? response.Value : null;
    }

    private async Task SubmitAsync(TableTransactionActionType type, string[] rowKeys) =>
        await table.SubmitTransactionAsync(rowKeys.Select((key, i) => new TableTransactionAction(type, Row(key, i))));

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
