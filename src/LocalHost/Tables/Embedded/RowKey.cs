using System.Buffers;
using System.Text;

namespace LocalHost.Tables.Embedded;

/// <summary>
/// Partition and row key as one string of bytes whose order is that of the keys, by partition and then by row, both by UTF-16 code units.
/// A zero byte, which no key may contain, parts them.
/// </summary>
internal static class RowKey
{
    public static byte[] Encode(string partitionKey, string rowKey) => Join(Encode(partitionKey), 0, Encode(rowKey));

    /// <summary>Below every row of the partition.</summary>
    public static byte[] BeforePartition(string partitionKey) => Join(Encode(partitionKey), 0, []);

    /// <summary>Above every row of the partition and below those of the next.</summary>
    public static byte[] AfterPartition(string partitionKey) => Join(Encode(partitionKey), 1, []);

    /// <summary>Above this key and below the next possible one.</summary>
    public static byte[] After(byte[] key) => Join(key, 0, []);

    public static (string PartitionKey, string RowKey) Decode(ReadOnlySpan<byte> key)
    {
        var end = key.IndexOf((byte)0);
        return (DecodePart(key[..end]), DecodePart(key[(end + 1)..]));
    }

    private static byte[] Join(ReadOnlySpan<byte> first, byte separator, ReadOnlySpan<byte> second) => [.. first, separator, .. second];

    // Each code unit takes the bytes that UTF-8 gives to a character of that number, surrogates too. So the order stays and no key is lost.
    private static byte[] Encode(string part)
    {
        if (Ascii.IsValid(part))
        {
            return Encoding.ASCII.GetBytes(part);
        }

        var bytes = new ArrayBufferWriter<byte>(part.Length * 2);
        foreach (var unit in part)
        {
            bytes.Write(unit switch
            {
                < '\u0080' => [(byte)unit],
                < '\u0800' => [(byte)(0xC0 | (unit >> 6)), (byte)(0x80 | (unit & 0x3F))],
                _ => [(byte)(0xE0 | (unit >> 12)), (byte)(0x80 | ((unit >> 6) & 0x3F)), (byte)(0x80 | (unit & 0x3F))],
            });
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static string DecodePart(ReadOnlySpan<byte> bytes)
    {
        if (Ascii.IsValid(bytes))
        {
            return Encoding.ASCII.GetString(bytes);
        }

        var part = new StringBuilder(bytes.Length);
        for (var i = 0; i < bytes.Length;)
        {
            var first = bytes[i++];
            part.Append((char)(first switch
            {
                < 0x80 => first,
                < 0xE0 => ((first & 0x1F) << 6) | (bytes[i++] & 0x3F),
                _ => ((first & 0x0F) << 12) | ((bytes[i++] & 0x3F) << 6) | (bytes[i++] & 0x3F),
            }));
        }

        return part.ToString();
    }
}
