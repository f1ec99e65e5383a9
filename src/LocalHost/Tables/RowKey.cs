using System.Buffers;
using System.Text;
using LocalHost.Storage;

namespace LocalHost.Tables;

/// <summary>
/// Keys of rows as bytes whose order is that of the keys: the table, then the partition key, a zero and the row key, both in the order of
/// their UTF-16 code units. No name and no key may contain a zero.
/// </summary>
internal static class RowKey
{
    /// <summary>The key that says that there is a table of this name. Names differ by more than case.</summary>
    public static byte[] OfName(string table) => [KeySpace.TableNames, .. Encoding.ASCII.GetBytes(table.ToUpperInvariant())];

    /// <summary>What the keys of a table's rows begin with.</summary>
    public static byte[] OfTable(string table) => [KeySpace.TableRows, .. OfName(table).AsSpan(1), 0];

    /// <summary>Above every row of the table and below those of the next.</summary>
    public static byte[] AfterTable(ReadOnlySpan<byte> table) => [.. table[..^1], 1];

    /// <param name="table">What the key begins with: <see cref="OfTable"/>, or nothing for a place within a table.</param>
    /// <param name="partitionKey">The partition key.</param>
    /// <param name="rowKey">The row key.</param>
    public static byte[] Encode(ReadOnlySpan<byte> table, string partitionKey, string rowKey)
    {
        var key = new byte[table.Length + LengthOf(partitionKey) + 1 + LengthOf(rowKey)];
        table.CopyTo(key);
        var end = table.Length + Write(partitionKey, key.AsSpan(table.Length));
        Write(rowKey, key.AsSpan(end + 1));
        return key;
    }

    /// <summary>A partition key or a row key alone.</summary>
    public static byte[] Encode(string part)
    {
        var bytes = new byte[LengthOf(part)];
        Write(part, bytes);
        return bytes;
    }

    /// <summary>Below every row of the partition.</summary>
    public static byte[] BeforePartition(ReadOnlySpan<byte> partition) => [.. partition, 0];

    /// <summary>Above every row of the partition and below those of the next.</summary>
    public static byte[] AfterPartition(ReadOnlySpan<byte> partition) => [.. partition, 1];

    /// <summary>Above this key and below the next possible one.</summary>
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

    // Each code unit takes the bytes that UTF-8 gives to a character of that number, surrogates too. So the order stays and no key is lost.
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
