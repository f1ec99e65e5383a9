using Azure.Data.Tables;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Tests.Storage;

public sealed class TablePagesOnAzuriteTests() : TablePagesTests(new AzuriteStores());

public sealed class TablePagesOnEmbeddedTests() : TablePagesTests(new EmbeddedStores());

public abstract class TablePagesTests(ITableStores stores)
{
    private readonly string _partition = $"pages-{Guid.NewGuid():N}";

    [Fact]
    public async Task Page_looks_at_no_more_than_1000_rows_when_a_filter_leaves_out_most()
    {
        var table = await WithRowsAsync(1200);

        var first = await ReadAsync(table, 10, row => row.RowKey == "r1100");
        var second = await ReadAsync(table, 10, row => row.RowKey == "r1100", Token(first));

        Assert.Empty(first.Items);
        Assert.Equal(["r1100"], second.Items);
        Assert.Null(second.ContinuationToken);
    }

    [Fact]
    public async Task Pages_hold_every_row_once_whatever_their_size()
    {
        var table = await WithRowsAsync(250);

        foreach (var size in (int[])[1, 99, 125, 250, 1000])
        {
            List<string> all = [];
            for (string? after = null; ;)
            {
                var page = await ReadAsync(table, size, _ => true, after);
                Assert.True(page.Items.Count <= size);
                all.AddRange(page.Items);
                if (page.ContinuationToken is null)
                {
                    break;
                }

                after = Token(page);
            }

            Assert.Equal(Enumerable.Range(0, 250).Select(i => $"r{i:D4}"), all);
        }
    }

    [Fact]
    public async Task Range_bounds_a_page_on_both_sides()
    {
        var table = await WithRowsAsync(20);

        var page = await table.ReadPageAsync(
            new RowRange(_partition, "r0005", "r0008"), new PageRequest("", 100, null), row => row.RowKey, default);

        Assert.Equal(["r0005", "r0006", "r0007"], page.Items);
        Assert.Equal(20, (await table.ReadPageAsync(RowRange.StartingWith(_partition, "r"), new PageRequest("", 100, null), row => row.RowKey, default)).Items.Count);
        Assert.Empty((await table.ReadPageAsync(RowRange.StartingWith(_partition, "s"), new PageRequest("", 100, null), row => row.RowKey, default)).Items);
    }

    private async Task<TableClient> WithRowsAsync(int count)
    {
        var table = (await stores.ConnectAsync()).GetTableClient(TableNames.AuditLog);
        var writer = new BatchedTableWriter(table);
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => writer.WriteAsync(new TableEntity(_partition, $"r{i:D4}"), default)));
        return table;
    }

    private Task<Page<string>> ReadAsync(TableClient table, int size, Predicate<TableEntity> filter, string? after = null) =>
        table.ReadPageAsync(new RowRange(_partition), new PageRequest("test", size, after), row => filter(row) ? row.RowKey : null, default);

    private static string Token(Page<string> page)
    {
        Assert.True(ContinuationToken.TryDecode(page.ContinuationToken!, "test", out var after));
        return after;
    }
}
