using System.Text;
using LocalHost.Storage;

namespace LocalHost.Tests.Storage;

public sealed class DatabaseTests : DatabaseTestBase
{
    [Fact]
    public async Task Acknowledged_row_is_read_after_reopening()
    {
        await _database.PutAsync("a", "1");
        Assert.Equal("1", _database.Get("a"));

        Reopen();
        Assert.Equal("1", _database.Get("a"));
        Assert.Null(_database.Get("b"));
    }

    [Fact]
    public async Task Scan_is_an_ordered_snapshot_of_its_range()
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
    public async Task Deleted_range_has_no_rows()
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
    public async Task Rows_match_a_dictionary_after_random_changes(int seed)
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
    public async Task Closed_database_has_written_what_was_submitted_and_refuses_more()
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
    public async Task Checkpoint_is_an_independent_database()
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
