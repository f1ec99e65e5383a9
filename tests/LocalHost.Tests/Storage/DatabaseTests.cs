using System.Text;
using LocalHost.Storage;

namespace LocalHost.Tests.Storage;

public sealed class DatabaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private Database _database;

    public DatabaseTests() => _database = TestDatabase.Open(Folder);

    private string Folder => Path.Combine(_folder.Path, "db");

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Acknowledged_row_is_read_also_after_reopening()
    {
        await _database.PutAsync("a", "1");
        Assert.Equal("1", _database.Get("a"));

        Reopen();
        Assert.Equal("1", _database.Get("a"));
        Assert.Null(_database.Get("b"));
    }

    [Fact]
    public async Task Scan_has_the_rows_of_its_range_in_order_as_they_were_when_it_began()
    {
        foreach (var name in new[] { "c", "a", "d", "b" })
        {
            await _database.PutAsync(name, name.ToUpperInvariant());
        }

        using var scan = _database.Scan(TestDatabase.Key("b"), TestDatabase.Key("d"));
        await _database.PutAsync("bb", "late");

        var rows = new List<(string, string)>();
        while (scan.MoveNext())
        {
            rows.Add((Encoding.UTF8.GetString(scan.Key), Encoding.UTF8.GetString(scan.Value)));
        }

        Assert.Equal([("tb", "B"), ("tc", "C")], rows);
        Assert.False(scan.MoveNext());
    }

    [Fact]
    public async Task Operations_that_wait_together_are_committed_together()
    {
        using var disk = new ManualResetEventSlim();
        var first = _database.WriteAsync(new Do(_ => disk.Wait()));
        var before = CommitNumber;
        var others = Enumerable.Range(0, 100).Select(i => _database.PutAsync($"{i}", "x").AsTask()).ToArray();
        disk.Set();
        await first;
        await Task.WhenAll(others);

        // One for those that came while the first was being written, and perhaps one for the last of them.
        Assert.InRange(CommitNumber - before, 1, 2);
    }

    [Fact]
    public async Task Batch_is_written_when_it_is_large_enough()
    {
        Reopen(TestDatabase.Impatient with { MaxBatchOperations = 10 });
        using var disk = new ManualResetEventSlim();
        var first = _database.WriteAsync(new Do(_ => disk.Wait()));
        var before = CommitNumber;
        var others = Enumerable.Range(0, 100).Select(i => _database.PutAsync($"{i}", "x").AsTask()).ToArray();
        disk.Set();
        await first;
        await Task.WhenAll(others);
        Assert.InRange(CommitNumber - before, 10, 11);
    }

    [Fact]
    public async Task Operation_that_nobody_waits_for_is_written_without_another()
    {
        var committed = new TaskCompletionSource();
        _database.Submit(new Do(batch => batch.Put(TestDatabase.Key("a"), "1"u8), committed.SetResult));
        await committed.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal("1", _database.Get("a"));
    }

    [Fact]
    public async Task Committed_runs_in_the_order_of_submission_and_before_the_caller_goes_on()
    {
        var order = new List<int>();
        for (var i = 0; i < 100; i++)
        {
            var number = i;
            _database.Submit(new Do(_ => { }, () => order.Add(number)));
        }

        await _database.FlushAsync();
        Assert.Equal(Enumerable.Range(0, 100), order);
    }

    [Fact]
    public async Task Refused_operation_fails_alone_and_leaves_nothing()
    {
        using var disk = new ManualResetEventSlim();
        var blocking = _database.WriteAsync(new Do(_ => disk.Wait()));
        var before = _database.PutAsync("before", "1").AsTask();
        var refused = _database
            .WriteAsync(
                new Do(batch =>
                {
                    batch.Put(TestDatabase.Key("refused"), "x"u8);
                    batch.Put(TestDatabase.Key("before"), "overwritten"u8);
                    batch.Delete(TestDatabase.Key("before"));
                    throw new InvalidOperationException("on purpose");
                })
            )
            .AsTask();
        string? seen = null;
        var after = _database
            .WriteAsync(
                new Do(batch =>
                {
                    Assert.Null(batch.Get(TestDatabase.Key("refused")));
                    seen = Encoding.UTF8.GetString(batch.Get(TestDatabase.Key("before"))!);
                    batch.Put(TestDatabase.Key("after"), "1"u8);
                })
            )
            .AsTask();
        disk.Set();
        await blocking;
        await Task.WhenAll(before, after);

        Assert.Equal("on purpose", (await Assert.ThrowsAsync<InvalidOperationException>(() => refused)).Message);
        Assert.Equal("1", seen);
        Assert.Equal(("1", null, "1"), (_database.Get("before"), _database.Get("refused"), _database.Get("after")));
    }

    [Fact]
    public async Task Operation_sees_what_those_before_it_in_the_batch_have_put_and_deleted()
    {
        await _database.PutAsync("stored", "1");
        await _database.PutAsync("deleted", "1");
        using var disk = new ManualResetEventSlim();
        var blocking = _database.WriteAsync(new Do(_ => disk.Wait()));
        _database.Submit(
            new Do(batch =>
            {
                batch.Put(TestDatabase.Key("put"), "1"u8);
                batch.Put(TestDatabase.Key("put"), "2"u8);
                batch.Delete(TestDatabase.Key("deleted"));
            })
        );
        string?[] seen = [];
        var looking = _database.WriteAsync(
            new Do(batch =>
                seen = [
                    .. new[] { "stored", "put", "deleted", "never" }.Select(name =>
                        batch.Get(TestDatabase.Key(name)) is { } value ? Encoding.UTF8.GetString(value) : null
                    ),
                ]
            )
        );
        disk.Set();
        await blocking;
        await looking;
        Assert.Equal((IEnumerable<string?>)["1", "2", null, null], seen);
    }

    [Fact]
    public async Task Deleted_range_is_gone()
    {
        foreach (var name in new[] { "a", "b", "c", "d" })
        {
            await _database.PutAsync(name, "1");
        }

        await _database.WriteAsync(new Do(batch => batch.DeleteRange(TestDatabase.Key("b"), TestDatabase.Key("d"))));
        Assert.Equal((IEnumerable<string?>)["1", null, null, "1"], new[] { "a", "b", "c", "d" }.Select(_database.Get));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Rows_are_what_a_plain_dictionary_says(int seed)
    {
        var random = new Random(seed);
        var model = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var round = 0; round < 200; round++)
        {
            var operations = new List<Task>();
            for (var i = random.Next(10); i >= 0; i--)
            {
                var changes = Enumerable
                    .Range(0, random.Next(1, 5))
                    .Select(_ => ($"{random.Next(50)}", random.Next(4) == 0 ? null : new string('x', random.Next(300))))
                    .ToArray();
                var isRefused = random.Next(4) == 0;
                operations.Add(_database.WriteAsync(new Do(batch => Change(batch, changes, isRefused))).AsTask());
                if (!isRefused)
                {
                    Apply(model, changes);
                }
            }

            await Task.WhenAll(operations.Select(operation => operation.ContinueWith(_ => { }, TaskScheduler.Default)));
            Assert.Equal(
                Enumerable.Range(0, 50).Select(i => model.GetValueOrDefault($"{i}")),
                Enumerable.Range(0, 50).Select(i => _database.Get($"{i}"))
            );
            if (round % 50 == 49)
            {
                Reopen();
            }
        }
    }

    [Fact]
    public async Task Fault_in_an_operation_stops_no_other()
    {
        await _database.WriteAsync(new Do(_ => { }, () => throw new InvalidOperationException("on purpose")));
        await _database.PutAsync("a", "1");
        Assert.Equal("1", _database.Get("a"));
    }

    [Fact]
    public async Task Closing_writes_what_was_submitted_and_refuses_more()
    {
        _database.Submit(new Put("a", "1"u8.ToArray()));
        _database.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _database.Submit(new Put("b", "1"u8.ToArray())));
        Assert.Throws<ObjectDisposedException>(() => _database.Get("a"));

        _database = TestDatabase.Open(Folder);
        Assert.Equal("1", _database.Get("a"));
        await _database.PutAsync("b", "1");
    }

    [Fact]
    public async Task Checkpoint_is_a_database_of_its_own()
    {
        await _database.PutAsync("a", "1");
        var copy = Path.Combine(_folder.Path, "copy");
        _database.Checkpoint(copy);
        await _database.PutAsync("a", "2");

        using var opened = TestDatabase.Open(copy);
        Assert.Equal("1", opened.Get("a"));
        await opened.PutAsync("a", "3");
        Assert.Equal("2", _database.Get("a"));
        Assert.ThrowsAny<IOException>(() => _database.Checkpoint(copy));
    }

    [Fact]
    public void Free_bytes_are_those_of_the_disk() => Assert.InRange(_database.FreeBytes, 1, long.MaxValue);

    private long CommitNumber => BitConverter.ToInt64([.. _database.Get(KeySpace.CommitNumber)?.Reverse() ?? new byte[8]]);

    private void Reopen(DatabaseOptions? options = null)
    {
        _database.Dispose();
        _database = TestDatabase.Open(Folder, options);
    }

    private static void Change(WriteBatch batch, (string Name, string? Value)[] changes, bool isRefused)
    {
        foreach (var (name, value) in changes)
        {
            if (value is null)
            {
                batch.Delete(TestDatabase.Key(name));
            }
            else
            {
                batch.Put(TestDatabase.Key(name), Encoding.UTF8.GetBytes(value));
            }
        }

        if (isRefused)
        {
            throw new InvalidOperationException("on purpose");
        }
    }

    private static void Apply(Dictionary<string, string> model, (string Name, string? Value)[] changes)
    {
        foreach (var (name, value) in changes)
        {
            if (value is null)
            {
                model.Remove(name);
            }
            else
            {
                model[name] = value;
            }
        }
    }
}
