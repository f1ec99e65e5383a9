using Azure;
using Azure.Data.Tables;
using LocalHost.Tests.Storage;

namespace LocalHost.Tests.Tables;

public sealed class TableDurabilityTests : TableDatabaseTestBase
{
    [Fact]
    public async Task Entities_are_unchanged_when_the_database_is_reopened()
    {
        await OpenAsync();
        await _table.UpsertEntityAsync(Row("kept", 1));
        _time.Advance(TimeSpan.FromSeconds(1));
        var etag = (await _table.UpsertEntityAsync(Row("kept", 2))).Headers.ETag;
        await _table.UpsertEntityAsync(Row("deleted", 1));
        await _table.DeleteEntityAsync("p", "deleted");
        await _service.GetTableClient("empty").CreateIfNotExistsAsync();
        var before = await GetAsync("kept");

        await ReopenAsync();

        var after = await GetAsync("kept");
        Assert.Equal(2, after!.GetInt32("Value"));
        Assert.Equal(etag, after.ETag);
        Assert.Equal(before!.Timestamp, after.Timestamp);
        Assert.Null(await GetAsync("deleted"));
        Assert.Equal(409, (await _service.GetTableClient("Empty").CreateIfNotExistsAsync()).GetRawResponse().Status);
    }

    [Fact]
    public async Task Timestamps_increase_when_the_clock_is_set_back()
    {
        await OpenAsync();
        DateTimeOffset? last = null;
        (int, bool)[] steps = [(0, false), (-1, false), (-1, true), (2, false), (0, true), (-1, true), (0, false)];
        foreach (var (hours, reopens) in steps)
        {
            _time.Jump(TimeSpan.FromHours(hours));
            if (reopens)
            {
                await ReopenAsync();
            }

            await _table.UpsertEntityAsync(Row("a", 1));
            var timestamp = (await GetAsync("a"))!.Timestamp;
            Assert.True(last is null || timestamp > last);
            Assert.True(timestamp - (last > _time.GetUtcNow() ? last : _time.GetUtcNow()) < TimeSpan.FromSeconds(2));
            last = timestamp;
            await _table.DeleteEntityAsync("p", "a");
        }
    }

    [Fact]
    public async Task Transaction_is_stored_entirely_or_not_at_all_when_the_last_write_was_truncated()
    {
        await OpenAsync();
        await _table.UpsertEntityAsync(Row("before", 1));
        var log = Assert.Single(Directory.GetFiles(Folder, "*.log"));
        var lengthBefore = new FileInfo(log).Length;
        await SubmitAsync(["a", "b", "c"]);
        var crashed = Folder;
        var length = new FileInfo(log).Length - lengthBefore;
        _database!.Dispose();
        Assert.InRange(length, 50, 1000);

        for (var cut = 0; cut <= length; cut += cut < 5 || cut > length - 5 ? 1 : 9)
        {
            var copy = Path.Combine(_folder.Path, "copy");
            CopyFolder(crashed, copy);
            using (var file = File.OpenWrite(Path.Combine(copy, Path.GetFileName(log))))
            {
                file.SetLength(file.Length - cut);
            }

            await OpenAsync(copy);
            Assert.Equal(cut == 0 ? ["a", "b", "before", "c"] : ["before"], await RowKeysAsync());
            _database!.Dispose();
            Directory.Delete(copy, recursive: true);
        }
    }

    [Fact]
    public async Task Writes_fail_with_status_500_and_keep_acknowledged_entities_when_the_disk_fails()
    {
        // So small that a new log file is soon needed.
        var rocksDb = TestDatabase.Impatient.RocksDb + ";write_buffer_size=64K";
        await OpenAsync(Folder, TestDatabase.Impatient with { RocksDb = rocksDb });
        var away = Path.Combine(_folder.Path, "away");
        Directory.Move(Folder, away);
        await File.WriteAllTextAsync(Folder, "No _folder can be made here.");
        var stored = new List<string>();
        RequestFailedException? failure = null;
        while (failure is null)
        {
            try
            {
                _time.Advance(TimeSpan.FromSeconds(2));
                var key = $"{stored.Count:D4}";
                await _table.AddEntityAsync(new TableEntity("p", key) { ["Filler"] = new byte[4000] });
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
        Assert.True(SpinWait.SpinUntil(() => _database!.IsHealthy, TimeSpan.FromSeconds(30)));
        await _table.UpsertEntityAsync(Row("after", 1));
        var after = await GetAsync("after");
        _time.Jump(TimeSpan.FromHours(-1));
        await ReopenAsync();
        await _table.UpsertEntityAsync(Row("after", 2));

        Assert.Equal([.. stored, "after"], (await RowKeysAsync()).Where(key => key != $"{stored.Count:D4}"));
        Assert.True((await GetAsync("after"))!.Timestamp > after!.Timestamp);
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    private async Task SubmitAsync(string[] rowKeys) =>
        await _table.SubmitTransactionAsync(
            rowKeys.Select((key, i) => new TableTransactionAction(TableTransactionActionType.Add, Row(key, i)))
        );
}
