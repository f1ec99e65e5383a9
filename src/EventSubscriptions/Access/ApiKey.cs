using System.Security.Cryptography;
using System.Text;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;
using SimpleBase;

namespace EventSubscriptions.Access;

/// <summary>An API key that was issued. Only the hash of its text is stored.</summary>
public sealed record ApiKey
{
    private const string TextPrefix = "es_";
    private const int SecretLength = 32;

    /// <summary>32 bytes in base32.</summary>
    private const int SecretTextLength = 52;

    public required ApiKeyId Id { get; init; }

    /// <summary>1–128 characters. The audit log shows it as the actor.</summary>
    public required string Name { get; init; }

    public required Role Role { get; init; }

    /// <summary>The organization that the key is bound to, or null for all.</summary>
    public OrganizationId? Organization { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The key is unknown from this time on.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Updated every few minutes.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>
    /// The id of the key of <c>Secrets__Keys</c> that made the mark in its text, or null: keys of older versions have no mark.
    /// </summary>
    public string? SecretKeyId { get; init; }

    /// <summary>SHA-256 of the text. 256 random bits don't need a slow hash.</summary>
    public required ReadOnlyMemory<byte> Hash { get; init; }

    /// <summary>
    /// Creates an id and the text of its key: <c>es_</c>, the id without its prefix, <c>_</c>, 256 random bits in base32, which has no
    /// <c>_</c>, and the mark.
    /// </summary>
    public static (ApiKeyId Id, Secret Text) NewText(TimeProvider time, KeyMark mark)
    {
        var id = ApiKeyId.New(time);
        Span<byte> secret = stackalloc byte[SecretLength];
        RandomNumberGenerator.Fill(secret);
        var text = $"{TextPrefix}{id.Unique}_{Base32.ExtendedHexLower.Encode(secret)}";
        return (id, new Secret(text + mark.Make(text)));
    }

    /// <summary>Whether the text starts like a key.</summary>
    public static bool IsLike(string text) => text.StartsWith(TextPrefix, StringComparison.Ordinal);

    /// <summary>
    /// Finds the id in a key's text and whether the text is marked; returns false if it is not a key or its mark is invalid.
    /// </summary>
    public static bool TryParseText(string text, KeyMark mark, out ApiKeyId id, out bool isMarked)
    {
        const int idEnd = 3 + Base32Id.Length;
        const int unmarkedLength = idEnd + 1 + SecretTextLength;
        isMarked = text.Length == unmarkedLength + KeyMark.Length;
        var valid =
            (isMarked ? mark.Fits(text.AsSpan(0, unmarkedLength), text.AsSpan(unmarkedLength)) : text.Length == unmarkedLength)
            && text.StartsWith(TextPrefix, StringComparison.Ordinal)
            && text[idEnd] == '_';
        id = default;
        return valid && ApiKeyId.TryParseUnique(text.AsSpan(TextPrefix.Length, Base32Id.Length), out id);
    }

    /// <summary>Whether two names look the same: letter case and the number of spaces don't matter.</summary>
    public static bool IsSameName(string left, string right) =>
        string.Equals(WithoutBlanks(left), WithoutBlanks(right), StringComparison.OrdinalIgnoreCase);

    /// <summary>The hash of a key's text.</summary>
    public static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>Compares in constant time.</summary>
    public bool Matches(string text) => CryptographicOperations.FixedTimeEquals(HashOf(text), Hash.Span);

    private static string WithoutBlanks(string name) => string.Join(' ', name.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
