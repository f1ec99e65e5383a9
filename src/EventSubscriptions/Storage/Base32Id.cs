using System.Buffers;
using SimpleBase;

namespace EventSubscriptions.Storage;

/// <summary>
/// Ids of a prefix, such as <c>sub_</c>, and a UUIDv7 (RFC 9562 §5.7) in lower-case base32 (RFC 4648 §6): 26 characters that sort by time.
/// </summary>
public static class Base32Id
{
    /// <summary>The length without the prefix.</summary>
    public const int Length = 26;

    // RFC 4648 orders letters before digits, unlike ASCII; the extended hex alphabet (§7) keeps the order.
    private static readonly SearchValues<char> s_alphabet = SearchValues.Create("0123456789abcdefghijklmnopqrstuv");

    /// <summary>A new id. Ids created in the same millisecond are unordered.</summary>
    public static string New(string prefix, TimeProvider time)
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(time.GetUtcNow()).TryWriteBytes(bytes, bigEndian: true, out _);
        return prefix + Base32.ExtendedHexLower.Encode(bytes);
    }

    /// <summary>Whether the text is a valid id with this prefix.</summary>
    public static bool IsValid(string prefix, ReadOnlySpan<char> text) =>
        text.Length == prefix.Length + Length
        && text.StartsWith(prefix, StringComparison.Ordinal)
        && !text[prefix.Length..].ContainsAnyExcept(s_alphabet);
}
