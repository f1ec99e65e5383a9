using System.Text;
using LocalHost.Storage;

namespace LocalHost.Tests.Storage;

public sealed class DatabaseBatchTests : DatabaseTestBase
{
    [Fact]
    public async Task Waiting_operations_are_committed_together()
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
    public async Task Operation_is_written_when_no_caller_waits_for_it()
    {
        var committed = new TaskCompletionSource();
        _database.Submit(new Do(batch => batch.Put(TestDatabase.Key("a"), "1"u8), committed.SetResult));
        await committed.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal("1", _database.Get("a"));
    }

    [Fact]
    public async Task Commit_callbacks_run_in_order_and_before_the_flush_ends()
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
    public async Task Failed_operation_is_rolled_back_alone()
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
    public async Task Operation_sees_the_changes_of_earlier_operations_in_its_batch()
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
    public async Task Operations_continue_when_a_commit_callback_throws()
    {
        await _database.WriteAsync(new Do(_ => { }, () => throw new InvalidOperationException("on purpose")));
        await _database.PutAsync("a", "1");
        Assert.Equal("1", _database.Get("a"));
    }

    private long CommitNumber => BitConverter.ToInt64([.. _database.Get(KeySpace.CommitNumber)?.Reverse() ?? new byte[8]]);
}
