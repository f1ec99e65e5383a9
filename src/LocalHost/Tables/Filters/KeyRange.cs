namespace LocalHost.Tables.Filters;

/// <summary>The keys from <c>From</c> (inclusive) to <c>To</c> (exclusive, null for the end).</summary>
internal readonly record struct KeyRange(byte[] From, byte[]? To)
{
    private static readonly KeyRange s_all = new([], null);

    /// <summary>
    /// Bounds for the keys that a filter can match, from its comparisons of keys that are joined by <c>and</c>: keys within the table, and
    /// row keys within each partition. If the filter names one partition, the first range includes both.
    /// </summary>
    public static (KeyRange Keys, KeyRange RowKeys) Of(Filter? filter)
    {
        var comparisons = new List<Filter.Comparison>();
        Collect(filter, comparisons);
        var (keys, rowKeys) = (s_all, s_all);
        byte[]? partition = null;
        foreach (var (property, comparison, literal) in comparisons)
        {
            if (literal is string rowKey && property == EntityCodec.RowKeyName)
            {
                rowKeys = rowKeys.And(OfRow(comparison, RowKey.Encode(rowKey)));
            }
            else if (literal is string partitionKey && property == EntityCodec.PartitionKeyName)
            {
                var encoded = RowKey.Encode(partitionKey);
                keys = keys.And(OfPartition(comparison, encoded));
                partition = comparison == Operator.Eq ? encoded : partition;
            }
        }

        return partition is null ? (keys, rowKeys) : (keys.And(rowKeys.In(partition)), s_all);
    }

    public KeyRange StartingAt(byte[] key) => And(new KeyRange(key, null));

    /// <summary>The position of the next key whose row key may be in this range; null if that of this key is.</summary>
    public byte[]? NextInTable(ReadOnlySpan<byte> key)
    {
        if (this is { From: [], To: null })
        {
            return null;
        }

        var partition = key[..key.IndexOf((byte)0)];
        var rowKey = key[(partition.Length + 1)..];
        return rowKey.SequenceCompareTo(From) < 0 ? [.. RowKey.BeforePartition(partition), .. From]
            : To is not null && rowKey.SequenceCompareTo(To) >= 0 ? RowKey.AfterPartition(partition)
            : null;
    }

    private static KeyRange OfPartition(Operator comparison, byte[] partition) =>
        comparison switch
        {
            Operator.Eq => s_all.In(partition),
            Operator.Gt => new KeyRange(RowKey.AfterPartition(partition), null),
            Operator.Ge => new KeyRange(RowKey.BeforePartition(partition), null),
            Operator.Lt => new KeyRange([], RowKey.BeforePartition(partition)),
            Operator.Le => new KeyRange([], RowKey.AfterPartition(partition)),
            _ => s_all,
        };

    private static KeyRange OfRow(Operator comparison, byte[] rowKey) =>
        comparison switch
        {
            Operator.Eq => new KeyRange(rowKey, RowKey.After(rowKey)),
            Operator.Gt => new KeyRange(RowKey.After(rowKey), null),
            Operator.Ge => new KeyRange(rowKey, null),
            Operator.Lt => new KeyRange([], rowKey),
            Operator.Le => new KeyRange([], RowKey.After(rowKey)),
            _ => s_all,
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

    private KeyRange In(byte[] partition) =>
        new(
            [.. RowKey.BeforePartition(partition), .. From],
            To is null ? RowKey.AfterPartition(partition) : [.. RowKey.BeforePartition(partition), .. To]
        );

    private KeyRange And(KeyRange other) =>
        new(
            From.AsSpan().SequenceCompareTo(other.From) >= 0 ? From : other.From,
            To is null ? other.To
                : other.To is null || To.AsSpan().SequenceCompareTo(other.To) <= 0 ? To
                : other.To
        );
}
