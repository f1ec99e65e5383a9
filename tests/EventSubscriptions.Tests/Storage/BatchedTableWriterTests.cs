using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Storage;
using Moq;

namespace EventSubscriptions.Tests.Storage;

public sealed class BatchedTableWriterTests
{
    private readonly Mock<TableClient> _table = new();
    private readonly List<string> _writes = [];
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BatchedTableWriterTests()
    {
        _table
            .Setup(table => table.DeleteEntityAsync(It.IsAny<string>(), It.IsAny<string>(), ETag.All, It.IsAny<CancellationToken>()))
            .Callback((string partition, string key, ETag _, CancellationToken _) => _writes.Add($"{partition}/-{key}"))
            .ReturnsAsync(Mock.Of<Response>());
        _table
            .Setup(table => table.UpsertEntityAsync(It.IsAny<TableEntity>(), TableUpdateMode.Replace, It.IsAny<CancellationToken>()))
            .Returns(
                async (TableEntity row, TableUpdateMode _, CancellationToken _) =>
                {
                    lock (_writes)
                    {
                        _writes.Add($"{row.PartitionKey}/{row.RowKey}");
                    }

                    await _first.Task;
                    return row.RowKey == "bad" ? throw new RequestFailedException(400, "bad") : Mock.Of<Response>();
                }
            );
        _table
            .Setup(table => table.SubmitTransactionAsync(It.IsAny<IEnumerable<TableTransactionAction>>(), It.IsAny<CancellationToken>()))
            .Returns(
                (IEnumerable<TableTransactionAction> actions, CancellationToken _) =>
                {
                    var rows = actions.Select(action => action.Entity).ToList();
                    _writes.Add($"{rows[0].PartitionKey}/{rows.Count}");
                    Assert.Equal(rows.Count, rows.DistinctBy(row => row.RowKey, StringComparer.Ordinal).Count());
                    if (actions.Any(action => action.ActionType == TableTransactionActionType.Delete))
                    {
                        return Task.FromException<Response<IReadOnlyList<Response>>>(new RequestFailedException(404, "missing"));
                    }

                    return rows.Exists(row => row.RowKey == "bad") || rows.Exists(row => row.RowKey == "down")
                        ? Task.FromException<Response<IReadOnlyList<Response>>>(
                            new RequestFailedException(rows.Exists(row => row.RowKey == "bad") ? 400 : 503, "no")
                        )
                        : Task.FromResult(Response.FromValue<IReadOnlyList<Response>>([], Mock.Of<Response>()));
                }
            );
    }

    [Fact]
    public async Task Single_row_is_written_at_once_and_many_in_transactions()
    {
        var writer = new BatchedTableWriter(_table.Object);

        var all = Enumerable.Range(0, 251).Select(i => writer.WriteAsync(new TableEntity("p", $"{i}"), default)).ToList();
        Assert.Equal(["p/0"], _writes);
        Assert.DoesNotContain(all, write => write.IsCompleted);
        _first.SetResult();
        await Task.WhenAll(all);

        Assert.Equal(["p/0", "p/100", "p/100", "p/50"], _writes);
    }

    [Fact]
    public async Task Partitions_do_not_wait_for_each_other()
    {
        var writer = new BatchedTableWriter(_table.Object);

        var all = new[] { writer.WriteAsync(new TableEntity("p", "1"), default), writer.WriteAsync(new TableEntity("q", "1"), default) };

        Assert.Equal(["p/1", "q/1"], _writes);
        _first.SetResult();
        await Task.WhenAll(all);
    }

    [Fact]
    public async Task Two_writes_of_a_row_are_in_two_transactions()
    {
        var writer = new BatchedTableWriter(_table.Object);

        var all = ((string[])["0", "1", "2", "1", "3"]).Select(key => writer.WriteAsync(new TableEntity("p", key), default)).ToList();
        _first.SetResult();
        await Task.WhenAll(all);

        Assert.Equal(["p/0", "p/2", "p/2"], _writes);
    }

    [Fact]
    public async Task Rows_that_belong_together_are_in_one_transaction()
    {
        var writer = new BatchedTableWriter(_table.Object);

        List<Task> all = [writer.WriteAsync(new TableEntity("p", "first"), default)];
        all.AddRange(
            Enumerable
                .Range(0, 101)
                .Select(i => writer.WriteAsync([new TableEntity("p", $"{i}"), new TableEntity("p", $"{i}!")], obsolete: null, default))
        );
        _first.SetResult();
        await Task.WhenAll(all);

        Assert.Equal(["p/first", "p/100", "p/100", "p/2"], _writes);
    }

    [Fact]
    public async Task Rows_are_stored_when_obsolete_rows_do_not_exist()
    {
        var writer = new BatchedTableWriter(_table.Object);

        var all = Enumerable
            .Range(0, 4)
            .Select(i => writer.WriteAsync([new TableEntity("p", $"{i}")], new TableEntity("p", $"w{i}"), default))
            .ToList();
        _first.SetResult();
        await Task.WhenAll(all);

        Assert.Equal(["p/2", "p/0", "p/-w0", "p/6", "p/3", "p/-w1", "p/-w2", "p/-w3"], _writes);
    }

    [Fact]
    public async Task Row_that_cannot_be_stored_fails_alone()
    {
        var writer = new BatchedTableWriter(_table.Object);

        var all = ((string[])["0", "1", "bad", "3"]).ToDictionary(
            key => key,
            key => writer.WriteAsync(new TableEntity("p", key), default),
            StringComparer.Ordinal
        );
        _first.SetResult();

        await Assert.ThrowsAsync<RequestFailedException>(() => all["bad"]);
        await Task.WhenAll(all["0"], all["1"], all["3"]);
    }

    [Fact]
    public async Task Rows_fail_together_when_the_table_is_down_and_later_ones_are_tried()
    {
        var writer = new BatchedTableWriter(_table.Object);

        var all = ((string[])["0", "1", "down"]).Select(key => writer.WriteAsync(new TableEntity("p", key), default)).ToList();
        _first.SetResult();

        await all[0];
        await Assert.ThrowsAsync<RequestFailedException>(() => all[1]);
        await Assert.ThrowsAsync<RequestFailedException>(() => all[2]);
        await writer.WriteAsync(new TableEntity("p", "3"), default);
    }

    [Fact]
    public async Task Cancellation_ends_the_wait_but_not_the_write()
    {
        var writer = new BatchedTableWriter(_table.Object);
        using var leaving = new CancellationTokenSource();

        var one = writer.WriteAsync(new TableEntity("p", "0"), leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        _first.SetResult();
        await writer.WriteAsync(new TableEntity("p", "1"), default);

        Assert.Equal(["p/0", "p/1"], _writes);
    }
}
