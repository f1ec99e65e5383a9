using Azure.Data.Tables;

namespace LocalHost.Tests.Tables;

/// <summary>What the service documents and Azurite does otherwise.</summary>
public sealed partial class LocalTableTests
{
    // Azurite: InvalidInput.
    [Fact]
    public async Task Key_has_at_most_512_characters()
    {
        var longest = new string('k', 512);

        await FailsAsync(400, "KeyValueTooLarge", () => table.AddEntityAsync(new TableEntity(longest + "k", "r")));
        await FailsAsync(400, "KeyValueTooLarge", () => table.AddEntityAsync(new TableEntity("p", longest + "k")));
    }

    // Azurite takes any number.
    [Fact]
    public async Task Entity_has_at_most_252_properties_of_its_own()
    {
        static TableEntity Entity(string rowKey, string prefix, int count)
        {
            var entity = new TableEntity("p", rowKey);
            for (var i = 0; i < count; i++)
            {
                entity[$"{prefix}{i}"] = i;
            }

            return entity;
        }

        await table.AddEntityAsync(Entity("r", "A", 252));

        await FailsAsync(400, "TooManyProperties", () => table.AddEntityAsync(Entity("r2", "A", 253)));
        Assert.Equal(252 + 4, (await GetAsync("p", "r")).Count);
    }

    // Azurite weighs the request, not the entity.
    [Fact]
    public async Task Entity_has_at_most_1_MiB()
    {
        static TableEntity Entity(string rowKey, int values)
        {
            var entity = new TableEntity("p", rowKey);
            for (var i = 0; i < values; i++)
            {
                entity[$"A{i}"] = new byte[60 * 1024];
            }

            return entity;
        }

        await table.AddEntityAsync(Entity("r", 17));

        await FailsAsync(400, "EntityTooLarge", () => table.AddEntityAsync(Entity("r2", 18)));
    }

    // Azurite takes it.
    [Fact]
    public async Task Time_before_1601_is_refused() =>
        await FailsAsync(
            400,
            "OutOfRangeInput",
            () => table.AddEntityAsync(new TableEntity("p", "r") { ["At"] = DateTimeOffset.MinValue })
        );

    // Azurite: 400 without a code.
    [Theory]
    [InlineData("ab")]
    [InlineData("1abc")]
    [InlineData("a-b-c")]
    public async Task Table_name_is_letters_and_digits_and_3_to_63_long(string name) =>
        await FailsAsync(400, "InvalidResourceName", () => service.GetTableClient(name).CreateIfNotExistsAsync());

    // Azurite takes any name.
    [Theory]
    [InlineData("with space")]
    [InlineData("1st")]
    [InlineData("a-b")]
    public async Task Property_name_is_an_identifier(string name) =>
        await FailsAsync(400, "PropertyNameInvalid", () => table.AddEntityAsync(new TableEntity("p", "r") { [name] = 1 }));

    // Azurite does all of it.
    [Fact]
    public async Task Transaction_is_refused_when_it_has_two_partitions()
    {
        var failure = await Assert.ThrowsAsync<TableTransactionFailedException>(() =>
            table.SubmitTransactionAsync([
                new(TableTransactionActionType.Add, new TableEntity("p", "r")),
                new(TableTransactionActionType.Add, new TableEntity("q", "r")),
            ])
        );

        Assert.Equal((400, "CommandsInBatchActOnDifferentPartitions"), (failure.Status, failure.ErrorCode));
        Assert.Empty(await QueryAsync(null));
    }

    // The SDK can't read what Azurite says to it.
    [Fact]
    public async Task Transaction_is_refused_when_it_has_more_than_100_entities()
    {
        var failure = await Assert.ThrowsAsync<TableTransactionFailedException>(() =>
            table.SubmitTransactionAsync(
                Enumerable.Range(0, 101).Select(i => new TableTransactionAction(TableTransactionActionType.Add, Row($"{i}", i)))
            )
        );

        Assert.Equal((400, "InvalidInput"), (failure.Status, failure.ErrorCode));
        Assert.Empty(await QueryAsync(null));
    }

    // Azurite closes it.
    [Fact]
    public async Task Filter_with_an_open_quote_is_refused() =>
        await FailsAsync(400, "InvalidInput", () => QueryAsync("PartitionKey eq 'p"));

    // Azurite compares milliseconds.
    [Fact]
    public async Task Filter_compares_times_to_100_ns()
    {
        await AddRowsOfAllTypesAsync();

        Assert.Equal(["p/1"], Keys(await QueryAsync("PartitionKey eq 'p' and At lt datetime'2025-01-01T00:00:00.0000001Z'")));
    }

    // Azurite has no such limit.
    [Fact]
    public async Task Filter_has_at_most_15_comparisons()
    {
        string Filter(int comparisons) => string.Join(" or ", Enumerable.Range(0, comparisons).Select(i => $"RowKey eq '{i}'"));
        await table.AddEntityAsync(Row("14", 1));

        Assert.Equal(["p/14"], Keys(await QueryAsync(Filter(15))));
        await FailsAsync(400, "InvalidInput", () => QueryAsync(Filter(16)));
    }

    // Azurite responds with 1,000.
    [Theory]
    [InlineData(0)]
    [InlineData(1001)]
    public async Task Page_size_is_1_to_1000(int size) =>
        await FailsAsync(
            400,
            "InvalidInput",
            async () => await table.QueryAsync<TableEntity>(maxPerPage: size).AsPages().GetAsyncEnumerator().MoveNextAsync()
        );

    // The service ends a page after some seconds, this store after 10,000 rows that the filter has turned down. Azurite goes on to the end.
    [Fact]
    public async Task Page_may_be_empty_while_more_follow()
    {
        await AddManyAsync("p", 10_500);
        await table.AddEntityAsync(new TableEntity("p", "z") { ["Wanted"] = true });

        var pages = new List<int>();
        await foreach (var page in table.QueryAsync<TableEntity>("PartitionKey eq 'p' and Wanted eq true").AsPages())
        {
            pages.Add(page.Values.Count);
        }

        Assert.Equal([0, 1], pages);
    }

    // A whole table is searched, but not row by row: that would take two pages.
    [Fact]
    public async Task Rows_outside_a_range_of_row_keys_are_skipped_in_every_partition()
    {
        foreach (var partition in (string[])["p", "q"])
        {
            await AddManyAsync(partition, 6_000);
            await table.AddEntityAsync(new TableEntity(partition, "y"));
            await table.AddEntityAsync(new TableEntity(partition, "z"));
        }

        var pages = new List<string>();
        await foreach (var page in table.QueryAsync<TableEntity>("RowKey ge 'x' and RowKey lt 'z'").AsPages())
        {
            pages.AddRange(Keys(page.Values));
            pages.Add("end");
        }

        Assert.Equal(["p/y", "q/y", "end"], pages);
    }

    // Azurite's tokens are keys, and so is anything else.
    [Fact]
    public async Task Token_is_refused_when_no_query_returned_it() =>
        await FailsAsync(
            400,
            "InvalidInput",
            async () => await table.QueryAsync<TableEntity>().AsPages("%").GetAsyncEnumerator().MoveNextAsync()
        );
}
