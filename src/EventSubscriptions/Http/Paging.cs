using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Text;
using System.Text.Json.Serialization;

namespace EventSubscriptions.Http;

/// <summary>Which page of a list is asked for.</summary>
/// <param name="List">The list; its tokens are good for no other.</param>
/// <param name="Size">How many items at most.</param>
/// <param name="After">The row key behind which the page begins, or null for the first page.</param>
public sealed record PageRequest(string List, int Size, string? After)
{
    /// <summary>The most items a page.</summary>
    public const int MaxSize = 1000;

    /// <summary>How many items a page has where the request doesn't say.</summary>
    public const int DefaultSize = 100;

    /// <summary>The answer, with the token for what comes after the row key that was looked at last; null ends the list.</summary>
    public Page<T> Answer<T>(IReadOnlyList<T> items, string? last) =>
        new(items, last is null ? null : Http.ContinuationToken.Encode(last, List));
}

/// <summary>One page of a list.</summary>
/// <param name="Items">They may be fewer than were asked for, even none, while a token remains.</param>
/// <param name="ContinuationToken">What to ask for the next page with, or null at the end.</param>
public sealed record Page<T>(
    IReadOnlyList<T> Items,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? ContinuationToken);

/// <summary>Where a list goes on: opaque to callers, a row key with a checksum that ties it to its list.</summary>
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
        if (bytes.Length <= ChecksumLength
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Checksum(bytes.AsSpan(ChecksumLength), list))
        {
            return false;
        }

        // The checksum is no secret: a forged token must not hold what no row key does, and no query of a table takes.
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
