using System.Buffers;
using System.Text;
using LocalHost.Storage;

namespace LocalHost.Tables;

/// <summary>
/// Encodes the keys of rows so that the bytes sort like the keys: the table, then the partition key, a zero and the row key, both ordered
/// by UTF-16 code units. Names and keys contain no zero.
/// </summary>
internal static class RowKey
{
    /// <summary>The key of the row that a table exists. Names ignore case.</summary>
    public static byte[] ForName(string table) => [KeySpace.TableNames, .. Encoding.ASCII.GetBytes(table.ToUpperInvariant())];

    /// <summary>The prefix of the keys of a table's rows.</summary>
    public static byte[] PrefixOf(string table) => [KeySpace.TableRows, .. ForName(table).AsSpan(1), 0];

    /// <summary>Sorts after all rows of the table with this prefix, and before those of the next.</summary>
    public static byte[] AfterTable(ReadOnlySpan<byte> prefix) => [.. prefix[..^1], 1];

    /// <param name="prefix">The table's <see cref="PrefixOf"/>, or empty for a key within a table.</param>
    /// <param name="partitionKey">The partition key.</param>
    /// <param name="rowKey">The row key.</param>
    public static byte[] Encode(ReadOnlySpan<byte> prefix, string partitionKey, string rowKey)
    {
        var key = new byte[prefix.Length + LengthOf(partitionKey) + 1 + LengthOf(rowKey)];
        prefix.CopyTo(key);
        var end = prefix.Length + Write(partitionKey, key.AsSpan(prefix.Length));
        Write(rowKey, key.AsSpan(end + 1));
        return key;
    }

    /// <summary>Encodes a partition key or a row key alone.</summary>
    public static byte[] Encode(string part)
    {
        var bytes = new byte[LengthOf(part)];
        Write(part, bytes);
        return bytes;
    }

    /// <summary>Sorts before all rows of the partition.</summary>
    public static byte[] BeforePartition(ReadOnlySpan<byte> partition) => [.. partition, 0];

    /// <summary>Sorts after all rows of the partition, and before those of the next.</summary>
    public static byte[] AfterPartition(ReadOnlySpan<byte> partition) => [.. partition, 1];

    /// <summary>Sorts after this key, and before the next possible one.</summary>
    public static byte[] After(ReadOnlySpan<byte> key) => [.. key, 0];

    /// <param name="key">A key within a table.</param>
    public static (string PartitionKey, string RowKey) Decode(ReadOnlySpan<byte> key)
    {
        var end = key.IndexOf((byte)0);
        return (DecodePart(key[..end]), DecodePart(key[(end + 1)..]));
    }

    private static int LengthOf(string part) =>
        Ascii.IsValid(part)
            ? part.Length
            : part.Sum(unit =>
                unit < 0x80 ? 1
                : unit < 0x800 ? 2
                : 3
            );

    // Encodes each UTF-16 code unit, surrogates too, as UTF-8 encodes a character of that number: this keeps the order, and all keys.
    private static int Write(string part, Span<byte> output)
    {
        if (Ascii.FromUtf16(part, output, out var length) == OperationStatus.Done)
        {
            return length;
        }

        length = 0;
        foreach (var unit in part)
        {
            ReadOnlySpan<byte> bytes = unit switch
            {
                < '\u0080' => [(byte)unit],
                < '\u0800' => [(byte)(0xC0 | (unit >> 6)), (byte)(0x80 | (unit & 0x3F))],
                _ => [(byte)(0xE0 | (unit >> 12)), (byte)(0x80 | ((unit >> 6) & 0x3F)), (byte)(0x80 | (unit & 0x3F))],
            };
            bytes.CopyTo(output[length..]);
            length += bytes.Length;
        }

        return length;
    }

    private static string DecodePart(ReadOnlySpan<byte> bytes)
    {
        if (Ascii.IsValid(bytes))
        {
            return Encoding.ASCII.GetString(bytes);
        }

        var part = new StringBuilder(bytes.Length);
        for (var i = 0; i < bytes.Length; )
        {
            var first = bytes[i++];
            part.Append(
                (char)(
                    first switch
                    {
                        < 0x80 => first,
                        < 0xE0 => ((first & 0x1F) << 6) | (bytes[i++] & 0x3F),
                        _ => ((first & 0x0F) << 12) | ((bytes[i++] & 0x3F) << 6) | (bytes[i++] & 0x3F),
                    }
                )
            );
        }

        return part.ToString();
    }
}
