using System.Text;
using LocalHost.Tables.Embedded;

namespace LocalHost.Tests.Tables;

public sealed class RowIndexTests
{
    private readonly RowIndex index = new();

    public static TheoryData<string> Orders => ["ascending", "descending", "shuffled", "partitions by turns"];

    [Theory]
    [MemberData(nameof(Orders))]
    public void Index_holds_every_key_in_order_whatever_order_they_came_in(string order)
    {
        var keys = Keys(20_000, order);
        for (var i = 0; i < keys.Length; i++)
        {
            index.Set(keys[i], new RowEntry(i, i, i));
        }

        var rows = Read([], null);

        Assert.Equal(keys.Length, index.Count);
        Assert.Equal(keys.Select(Text).Order(StringComparer.Ordinal), rows.Select(row => Text(row.Key)));
        Assert.True(rows.TrueForAll(row => index.TryGet(row.Key, out var entry) && entry == row.Entry));
    }

    [Fact]
    public void Index_does_as_a_sorted_dictionary_does_when_anything_happens_to_it()
    {
        var random = new Random(20250211);
        var model = new SortedDictionary<string, RowEntry>(StringComparer.Ordinal);
        for (var step = 0; step < 30_000; step++)
        {
            // Grows, then shrinks.
            var grows = random.Next(30_000) > step;
            var key = grows || model.Count == 0 ? RandomKey(random) : model.Keys.ElementAt(random.Next(Math.Min(model.Count, 5)));
            if (grows)
            {
                var entry = new RowEntry(step, step * 10L, step);
                AssertReplaced(model.TryGetValue(key, out var old) ? old : null, index.Set(Bytes(key), entry));
                model[key] = entry;
            }
            else
            {
                AssertReplaced(model.Remove(key, out var old) ? old : null, index.Remove(Bytes(key)));
            }

            if (step % 3_000 == 0)
            {
                Assert.Equal(model.Select(pair => (pair.Key, pair.Value)), Read([], null).Select(row => (Text(row.Key), row.Entry)));
            }
        }

        Assert.Equal(model.Count, index.Count);
    }

    [Fact]
    public void Range_starts_at_its_first_key_and_ends_before_its_last()
    {
        foreach (var key in Keys(1000, "shuffled"))
        {
            index.Set(key, default);
        }

        var rows = Read(Bytes("p000000100"), Bytes("p000000105"));
        var between = Read(Bytes("p0000001000"), Bytes("p0000001020"));

        Assert.Equal(["p000000100", "p000000101", "p000000102", "p000000103", "p000000104"], rows.Select(row => Text(row.Key)));
        Assert.Equal(["p000000101", "p000000102"], between.Select(row => Text(row.Key)));
        Assert.Equal(2, Read([], null, 2).Count);
        Assert.Empty(Read(Bytes("q"), null));
    }

    [Fact]
    public void Index_is_empty_again_when_everything_is_removed()
    {
        var keys = Keys(5_000, "ascending");
        foreach (var key in keys)
        {
            index.Set(key, default);
        }

        Assert.True(Array.TrueForAll(keys, key => index.Remove(key) is not null));

        Assert.Equal(0, index.Count);
        Assert.Empty(Read([], null));
        Assert.Null(index.Set(keys[7], default));
        Assert.Single(Read([], null));
    }

    [Fact]
    public void Keys_are_ordered_by_partition_and_row_and_by_UTF16_code_unit()
    {
        (string, string)[] keys = [("", ""), ("", "a"), ("a", ""), ("a", "z"), ("a ", "b"), ("a\uD83D\uDE80", ""), ("a\uFF5E", ""), ("b", "\u00E9"), ("b", "\u6771")];
        var encoded = keys.Select(key => RowKey.Encode(key.Item1, key.Item2)).ToList();
        var sorted = encoded.Order(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))).ToList();

        Assert.Equal(encoded, sorted);
        Assert.Equal(keys, encoded.Select(key => RowKey.Decode(key)));
    }

    private static void AssertReplaced(RowEntry? expected, RowEntry? actual) => Assert.True(expected == actual, $"{expected} was expected, not {actual}");

    private static byte[][] Keys(int count, string order)
    {
        var numbers = Enumerable.Range(0, count).ToArray();
        switch (order)
        {
            case "descending":
                Array.Reverse(numbers);
                break;
            case "shuffled":
                new Random(1).Shuffle(numbers);
                break;
            default:
                break;
        }

        return order == "partitions by turns"
            ? [.. numbers.Select(i => Bytes($"partition{i % 7}/{count - i:D9}"))]
            : [.. numbers.Select(i => Bytes($"p{i:D9}"))];
    }

    private static string RandomKey(Random random) => $"{(char)('a' + random.Next(3))}{new string('x', random.Next(40))}{random.Next(2000)}";

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private static string Text(byte[] bytes) => Encoding.ASCII.GetString(bytes);

    private List<(byte[] Key, RowEntry Entry)> Read(byte[] from, byte[]? to, int max = int.MaxValue)
    {
        var rows = new List<(byte[], RowEntry)>();
        index.Read(from, to, to is null, max, rows);
        return rows;
    }
}
