using Azure.Data.Tables;

namespace LocalHost.Tests.Tables;

public abstract partial class TableContractTests
{
    public static TheoryData<object> Values =>
        new()
        {
            "",
            "text",
            "line\r\nbreak\tand \u0001",
            "Straße 東京 🚀 e\u0301",
            "\"quoted\" 'too' <&>\\",
            new string('x', 32 * 1024),
            0,
            int.MinValue,
            int.MaxValue,
            0L,
            long.MinValue,
            long.MaxValue,
            5_000_000_000L,
            true,
            false,
            0.0,
            -0.5,
            1.0,
            1e300,
            double.Epsilon,
            double.MaxValue,
            double.NaN,
            new DateTimeOffset(1601, 1, 1, 0, 0, 0, TimeSpan.Zero),
            new DateTimeOffset(2025, 2, 11, 10, 20, 30, TimeSpan.Zero).AddTicks(1_234_567),
            new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero),
            Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"),
            Array.Empty<byte>(),
            new byte[] { 0, 1, 0xFE, 0xFF },
            new byte[64 * 1024],
        };

    [Theory]
    [MemberData(nameof(Values), DisableDiscoveryEnumeration = true)]
    public async Task Value_and_type_are_read_as_they_were_written(object value)
    {
        await table.AddEntityAsync(new TableEntity("p", "r") { ["Value"] = value });
        await table.SubmitTransactionAsync([new(TableTransactionActionType.Add, new TableEntity("p", "r2") { ["Value"] = value })]);

        foreach (var rowKey in (string[])["r", "r2"])
        {
            var read = (await GetAsync("p", rowKey))["Value"];
            Assert.IsType(value.GetType(), read);
            Assert.Equal(value, read);
        }
    }

    [Fact]
    public async Task Time_is_kept_to_100_ns_and_in_UTC()
    {
        var time = new DateTimeOffset(2025, 7, 1, 12, 0, 0, TimeSpan.FromHours(2)).AddTicks(7);
        await table.AddEntityAsync(new TableEntity("p", "r") { ["At"] = time });

        var read = (await GetAsync("p", "r")).GetDateTimeOffset("At")!.Value;

        Assert.Equal((time.UtcTicks, TimeSpan.Zero), (read.Ticks, read.Offset));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("s:sub_01jkz")]
    [InlineData("it's ''quoted''")]
    [InlineData("a+b&c=d;e,f@g$h!i*j(k)l[m]n{o}p|q^r`s~t\"u<v>w")]
    [InlineData("..")]
    [InlineData("東京 🚀")]
    public async Task Key_may_hold_all_but_the_forbidden_characters(string key)
    {
        await table.AddEntityAsync(new TableEntity(key, key) { ["Value"] = 1 });

        var entity = await GetAsync(key, key);
        await table.UpdateEntityAsync(new TableEntity(key, key) { ["Value"] = 2 }, entity.ETag);
        var queried = await QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {key} and RowKey eq {key}"));
        await table.SubmitTransactionAsync([new(TableTransactionActionType.Delete, new TableEntity(key, key))]);

        Assert.Equal((key, key), (entity.PartitionKey, entity.RowKey));
        Assert.Equal(2, Assert.Single(queried).GetInt32("Value"));
        Assert.False((await table.GetEntityIfExistsAsync<TableEntity>(key, key)).HasValue);
    }
}
