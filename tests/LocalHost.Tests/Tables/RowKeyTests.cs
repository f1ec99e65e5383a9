using Azure;
using LocalHost.Tables;

namespace LocalHost.Tests.Tables;

public sealed class RowKeyTests
{
    [Fact]
    public void Keys_are_ordered_by_table_partition_and_row_and_by_UTF16_code_unit()
    {
        (string Table, string Partition, string Row)[] keys =
        [
            ("T", "", ""),
            ("T", "", "a"),
            ("T", "a", ""),
            ("T", "a", "z"),
            ("T", "a ", "b"),
            ("T", "a\uD83D\uDE80", ""),
            ("T", "a\uFF5E", ""),
            ("T", "b", "\u00E9"),
            ("T", "b", "\u6771"),
            ("T1", "", ""),
            ("TA", "a", "a"),
        ];
        var encoded = keys.Select(key => RowKey.Encode(RowKey.PrefixOf(key.Table), key.Partition, key.Row)).ToList();
        var sorted = encoded.Order(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))).ToList();

        Assert.Equal(encoded, sorted);
        Assert.All(
            keys.Zip(encoded),
            pair =>
            {
                var start = RowKey.PrefixOf(pair.First.Table).Length;
                Assert.Equal((pair.First.Partition, pair.First.Row), RowKey.Decode(pair.Second.AsSpan(start)));
            }
        );
    }

    [Theory]
    [InlineData("*")]
    [InlineData("other")]
    [InlineData("W/\"datetime'\"")]
    [InlineData("W/\"datetime'2025-01-01T00:00:00.0000000Z'\"")]
    [InlineData("\"datetime'2025-01-01T00%3A00%3A00.0000000Z'\"")]
    public void ETag_is_accepted_only_in_the_format_of_the_store(string other)
    {
        var version = new DateTime(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks + 7;

        Assert.Equal("W/\"datetime'2025-01-01T00%3A00%3A00.0000007Z'\"", RowVersions.ETagOf(version).ToString());
        Assert.Equal(version, RowVersions.Parse(RowVersions.ETagOf(version)));
        Assert.Equal(0, RowVersions.Parse(new ETag(other)));
    }
}
