using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using EventSubscriptions.Events;
using EventSubscriptions.Storage;
using SimpleBase;

namespace EventSubscriptions.Access;

/// <summary>A key that was issued. Of its text only the hash is known.</summary>
public sealed record ApiKey
{
    private const string IdPrefix = "key_";
    private const string TextPrefix = "es_";
    private const int SecretLength = 32;

    /// <summary>32 bytes in base32.</summary>
    private const int SecretTextLength = 52;

    /// <summary><c>key_</c> and a UUIDv7 in lower-case base32.</summary>
    public required string Id { get; init; }

    /// <summary>1–128 characters; the audit log calls it the actor.</summary>
    public required string Name { get; init; }

    public required Role Role { get; init; }

    /// <summary>The only organization that the key is good for, or null for all.</summary>
    public OrganizationId? Organization { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From then on the key is unknown.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Some minutes old at most.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>SHA-256 of the text. A text with 256 random bits needs no slow hash.</summary>
    public required ReadOnlyMemory<byte> Hash { get; init; }

    /// <summary>Makes an id and the text of its key: <c>es_</c>, the id without its prefix, <c>_</c>, and 256 random bits in base32, which has no <c>_</c>.</summary>
    public static (string Id, Secret Text) NewText(TimeProvider time)
    {
        var id = Base32Id.New(time);
        Span<byte> secret = stackalloc byte[SecretLength];
        RandomNumberGenerator.Fill(secret);
        return (IdPrefix + id, new Secret($"{TextPrefix}{id}_{Base32.ExtendedHexLower.Encode(secret)}"));
    }

    /// <summary>Finds the id in a key's text, or says that it is no key's.</summary>
    public static bool TryParseText(string text, [NotNullWhen(true)] out string? id)
    {
        const int idEnd = 3 + Base32Id.Length;
        var valid = text.Length == idEnd + 1 + SecretTextLength
            && text.StartsWith(TextPrefix, StringComparison.Ordinal)
            && Base32Id.IsValid(text.AsSpan(TextPrefix.Length, Base32Id.Length))
            && text[idEnd] == '_';
        id = valid ? string.Concat(IdPrefix, text.AsSpan(TextPrefix.Length, Base32Id.Length)) : null;
        return valid;
    }

    /// <summary>Whether the text has the form of a key's id.</summary>
    public static bool IsId(string text) => text.StartsWith(IdPrefix, StringComparison.Ordinal) && Base32Id.IsValid(text.AsSpan(IdPrefix.Length));

    /// <summary>The hash of a key's text.</summary>
    public static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>Compares in constant time.</summary>
    public bool Matches(string text) => CryptographicOperations.FixedTimeEquals(HashOf(text), Hash.Span);
}
