using Azure.Data.Tables;
using LocalHost.Tables.Embedded;

namespace LocalHost.Tables.Filters;

/// <summary>The rows that a filter can match at most: from a key (inclusive) to another (exclusive, null is the end of the table).</summary>
internal readonly record struct KeyRange(byte[] From, byte[]? To)
{
    private static readonly KeyRange Everything = new([], null);

    /// <summary>What the comparisons with the keys that are joined by <c>and</c> leave: a range of row keys where the partition is given.</summary>
    public static KeyRange Of(Filter? filter)
    {
        var comparisons = new List<Filter.Comparison>();
        Collect(filter, comparisons);
        var partition = comparisons.Find(c => c is { Property: EntityCodec.PartitionKeyName, Operator: Operator.Eq })?.Literal as string;
        return comparisons.Aggregate(Everything, (range, comparison) => (comparison.Property, comparison.Literal, partition) switch
        {
            (EntityCodec.PartitionKeyName, string key, _) => range.And(OfPartition(comparison.Operator, key)),
            (EntityCodec.RowKeyName, string key, not null) => range.And(OfRow(comparison.Operator, RowKey.Encode(partition, key))),
            _ => range,
        });
    }

    public KeyRange StartingAt(byte[] key) => And(new KeyRange(key, null));

    private static KeyRange OfPartition(Operator comparison, string key) =>
        comparison switch
        {
            Operator.Eq => new KeyRange(RowKey.BeforePartition(key), RowKey.AfterPartition(key)),
            Operator.Gt => new KeyRange(RowKey.AfterPartition(key), null),
            Operator.Ge => new KeyRange(RowKey.BeforePartition(key), null),
            Operator.Lt => new KeyRange([], RowKey.BeforePartition(key)),
            Operator.Le => new KeyRange([], RowKey.AfterPartition(key)),
            _ => Everything,
        };

    private static KeyRange OfRow(Operator comparison, byte[] key) =>
        comparison switch
        {
            Operator.Eq => new KeyRange(key, RowKey.After(key)),
            Operator.Gt => new KeyRange(RowKey.After(key), null),
            Operator.Ge => new KeyRange(key, null),
            Operator.Lt => new KeyRange([], key),
            Operator.Le => new KeyRange([], RowKey.After(key)),
            _ => Everything,
        };

    private static void Collect(Filter? filter, List<Filter.Comparison> comparisons)
    {
        switch (filter)
        {
            case Filter.And and:
                Collect(and.Left, comparisons);
                Collect(and.Right, comparisons);
                break;
            case Filter.Comparison comparison:
                comparisons.Add(comparison);
                break;
            default:
                break;
        }
    }

    private KeyRange And(KeyRange other) =>
        new(From.AsSpan().SequenceCompareTo(other.From) >= 0 ? From : other.From,
            To is null ? other.To : other.To is null || To.AsSpan().SequenceCompareTo(other.To) <= 0 ? To : other.To);
}
