using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Text;

namespace EventSubscriptions.Storage;

/// <summary>Where a list continues: opaque to callers, a row key with a checksum that ties it to its list.</summary>
internal static class ContinuationToken
{
    private const int ChecksumLength = sizeof(uint);
    private const int MaxLength = 2048;
    private const int MaxKeyLength = 512;

    public static string Encode(string rowKey, string list)
    {
        var bytes = new byte[ChecksumLength + Encoding.UTF8.GetByteCount(rowKey)];
        Encoding.UTF8.GetBytes(rowKey, bytes.AsSpan(ChecksumLength));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Checksum(bytes.AsSpan(ChecksumLength), list));
        return Base64Url.EncodeToString(bytes);
    }

    public static bool TryDecode(string token, string list, [NotNullWhen(true)] out string? rowKey)
    {
        rowKey = null;
        if (token.Length > MaxLength || !Base64Url.IsValid(token))
        {
            return false;
        }

        var bytes = Base64Url.DecodeFromChars(token);
        if (
            bytes.Length <= ChecksumLength
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Checksum(bytes.AsSpan(ChecksumLength), list)
        )
        {
            return false;
        }

        // The checksum is not secret: a forged token must not contain characters that row keys and queries don't allow.
        var key = bytes.AsSpan(ChecksumLength);
        rowKey = key.Length <= MaxKeyLength && !key.ContainsAnyExceptInRange((byte)'!', (byte)'~') ? Encoding.ASCII.GetString(key) : null;
        return rowKey is not null;
    }

    private static uint Checksum(ReadOnlySpan<byte> rowKey, string list)
    {
        var crc = uint.MaxValue;
        foreach (var letter in list)
        {
            crc = BitOperations.Crc32C(crc, (ushort)letter);
        }

        foreach (var value in rowKey)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
