using Azure.Data.Tables;

namespace LocalHost.Tests.Tables;

public abstract partial class TableContractTests
{
    [Fact]
    public async Task Query_returns_entities_in_the_order_of_partition_and_row()
    {
        foreach (
            var (partition, row) in ((string, string)[])
                [("b", "1"), ("a", "2"), ("ab", "0"), ("a", "10"), ("a", "1"), ("B", "1"), ("", "z")]
        )
        {
            await table.AddEntityAsync(new TableEntity(partition, row));
        }

        Assert.Equal(["/z", "B/1", "a/1", "a/10", "a/2", "ab/0", "b/1"], Keys(await QueryAsync(null)));
    }

    [Theory]
    [InlineData("PartitionKey eq 'p'", "p/1 p/2 p/3 p/4")]
    [InlineData("PartitionKey eq 'p' and RowKey eq '2'", "p/2")]
    [InlineData("PartitionKey eq 'p' and RowKey eq '9'", "")]
    [InlineData("PartitionKey eq 'p' and RowKey ge '2' and RowKey lt '4'", "p/2 p/3")]
    [InlineData("PartitionKey eq 'p' and RowKey gt '2' and RowKey le '4'", "p/3 p/4")]
    [InlineData("(PartitionKey eq 'p') and ((RowKey gt '3') or (RowKey lt '2'))", "p/1 p/4")]
    [InlineData("PartitionKey ge 'q'", "q/1 q/2")]
    [InlineData("PartitionKey gt 'p'", "q/1 q/2")]
    [InlineData("PartitionKey lt 'q' and RowKey ge '3'", "p/3 p/4")]
    [InlineData("PartitionKey le 'p' and RowKey le '1'", "p/1")]
    [InlineData("RowKey eq '1'", "p/1 q/1")]
    [InlineData("PartitionKey ne 'p'", "q/1 q/2")]
    [InlineData("not (PartitionKey eq 'p')", "q/1 q/2")]
    [InlineData("PartitionKey eq 'p' and not (RowKey eq '2')", "p/1 p/3 p/4")]
    [InlineData("PartitionKey eq 'p' and Number eq 2", "p/2")]
    [InlineData("PartitionKey eq 'p' and Number gt 1 and Number le 3", "p/2 p/3")]
    [InlineData("PartitionKey eq 'p' and Large ge 5000000003L", "p/3 p/4")]
    [InlineData("PartitionKey eq 'p' and Name eq 'it''s 2'", "p/2")]
    [InlineData("PartitionKey eq 'p' and Flag eq true", "p/2 p/4")]
    [InlineData("PartitionKey eq 'p' and Flag eq false or PartitionKey eq 'q' and RowKey eq '1'", "p/1 p/3 q/1")]
    [InlineData("PartitionKey eq 'p' and At ge datetime'2025-01-03T00:00:00Z'", "p/3 p/4")]
    [InlineData("PartitionKey eq 'p' and At lt datetime'2025-01-01T00:00:00.001Z'", "p/1")]
    [InlineData("PartitionKey eq 'p' and Ratio lt 1.25", "p/1 p/2")]
    [InlineData("PartitionKey eq 'p' and Id eq guid'00000000-0000-0000-0000-000000000003'", "p/3")]
    [InlineData("PartitionKey eq 'p' and Bytes eq X'03ff'", "p/3")]
    [InlineData("PartitionKey eq 'p' and Missing eq 1", "")]
    [InlineData("PartitionKey eq 'p' and Number eq 'text'", "")]
    public async Task Query_returns_what_the_filter_matches(string filter, string expected)
    {
        await AddRowsOfAllTypesAsync();

        Assert.Equal(expected, string.Join(' ', Keys(await QueryAsync(filter))));
    }

    [Fact]
    public async Task Query_matches_interpolated_literals_of_all_types()
    {
        await AddRowsOfAllTypesAsync();
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {"p"} and Number eq {3} and Large eq {5_000_000_003L} and Flag eq {false} and Ratio eq {1.5} and Name eq {"it's 3"} and At eq {new DateTimeOffset(2025, 1, 3, 0, 0, 0, TimeSpan.Zero)} and Id eq {Guid.Parse("00000000-0000-0000-0000-000000000003")}"
        );

        Assert.Equal(["p/3"], Keys(await QueryAsync(filter)));
    }

    [Theory]
    [InlineData("PartitionKey eq")]
    [InlineData("PartitionKey is 'p'")]
    [InlineData("(PartitionKey eq 'p'")]
    public async Task Malformed_filter_is_refused(string filter) => await FailsAsync(400, "InvalidInput", () => QueryAsync(filter));

    [Fact]
    public async Task Pages_follow_each_other_without_gap_or_repetition()
    {
        await AddManyAsync("p", 25);
        await AddManyAsync("q", 5);

        var pages = new List<string[]>();
        await foreach (var page in table.QueryAsync<TableEntity>("PartitionKey eq 'p'", maxPerPage: 10).AsPages())
        {
            pages.Add(Keys(page.Values));
        }

        Assert.Equal([10, 10, 5], pages.Select(page => page.Length).Where(length => length > 0));
        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"p/{i:D5}"), pages.SelectMany(keys => keys));
    }

    [Fact]
    public async Task Page_is_read_from_a_token_of_an_earlier_query()
    {
        await AddManyAsync("p", 10);
        var first = await FirstPageAsync(null);
        await table.DeleteEntityAsync("p", "00004");
        await table.AddEntityAsync(new TableEntity("p", "00000a"));

        var second = await FirstPageAsync(first.ContinuationToken);

        Assert.Equal(["p/00000", "p/00001", "p/00002", "p/00003"], Keys(first.Values));
        Assert.Equal(["p/00005", "p/00006", "p/00007", "p/00008"], Keys(second.Values));

        async Task<Azure.Page<TableEntity>> FirstPageAsync(string? token)
        {
            var pages = table.QueryAsync<TableEntity>("PartitionKey eq 'p'", maxPerPage: 4).AsPages(token).GetAsyncEnumerator();
            await using (pages)
            {
                await pages.MoveNextAsync();
                return pages.Current;
            }
        }
    }

    [Fact]
    public async Task Page_has_at_most_1000_entities()
    {
        await AddManyAsync("p", 1001);

        var sizes = new List<int>();
        await foreach (var page in table.QueryAsync<TableEntity>().AsPages())
        {
            sizes.Add(page.Values.Count);
        }

        Assert.Equal([1000, 1], sizes);
    }

    [Fact]
    public async Task Query_returns_the_selected_properties()
    {
        await AddRowsOfAllTypesAsync();

        var entity = Assert.Single(
            await ListAsync(table.QueryAsync<TableEntity>("PartitionKey eq 'p' and RowKey eq '2'", select: ["RowKey", "Number"]))
        );
        var keys = Assert.Single(
            await ListAsync(table.QueryAsync<TableEntity>("PartitionKey eq 'p' and RowKey eq '2'", select: ["PartitionKey", "RowKey"]))
        );

        Assert.Equal(("2", 2), (entity.RowKey, entity.GetInt32("Number")));
        Assert.Null(entity.GetString("Name"));
        Assert.Equal(("p", "2"), (keys.PartitionKey, keys.RowKey));
        Assert.Null(keys.GetInt32("Number"));
    }

    [Fact]
    public async Task Query_reads_the_etag_and_timestamp_of_each_entity()
    {
        var etag = (await table.AddEntityAsync(Row("r", 1))).Headers.ETag;

        var entity = Assert.Single(await QueryAsync("PartitionKey eq 'p'"));

        Assert.Equal(etag, entity.ETag);
        Assert.Equal((await GetAsync("p", "r")).Timestamp, entity.Timestamp);
    }

    protected static string[] Keys(IEnumerable<TableEntity> entities) =>
        [.. entities.Select(entity => $"{entity.PartitionKey}/{entity.RowKey}")];

    private static async Task<List<TableEntity>> ListAsync(Azure.AsyncPageable<TableEntity> query)
    {
        var entities = new List<TableEntity>();
        await foreach (var entity in query)
        {
            entities.Add(entity);
        }

        return entities;
    }

    protected async Task<IReadOnlyList<TableEntity>> QueryAsync(string? filter) => await ListAsync(table.QueryAsync<TableEntity>(filter));

    protected async Task AddManyAsync(string partition, int count)
    {
        foreach (var chunk in Enumerable.Range(0, count).Chunk(100))
        {
            await table.SubmitTransactionAsync(
                chunk.Select(i => new TableTransactionAction(TableTransactionActionType.Add, new TableEntity(partition, $"{i:D5}")))
            );
        }
    }

    protected async Task AddRowsOfAllTypesAsync()
    {
        TableEntity Entity(string partition, int i) =>
            new(partition, $"{i}")
            {
                ["Number"] = i,
                ["Large"] = 5_000_000_000L + i,
                ["Name"] = $"it's {i}",
                ["Flag"] = i % 2 == 0,
                ["Ratio"] = i / 2.0,
                ["At"] = new DateTimeOffset(2025, 1, i, 0, 0, 0, TimeSpan.Zero),
                ["Id"] = Guid.Parse($"00000000-0000-0000-0000-{i:D12}"),
                ["Bytes"] = new byte[] { (byte)i, 0xFF },
            };

        await table.SubmitTransactionAsync(
            Enumerable.Range(1, 4).Select(i => new TableTransactionAction(TableTransactionActionType.Add, Entity("p", i)))
        );
        await table.SubmitTransactionAsync(
            Enumerable.Range(1, 2).Select(i => new TableTransactionAction(TableTransactionActionType.Add, Entity("q", i)))
        );
    }
}
