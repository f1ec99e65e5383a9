using System.Diagnostics.CodeAnalysis;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Access;

/// <summary>The id of an API key: <c>key_</c> and a UUIDv7 in lower-case base32, so that ids sort by creation time.</summary>
public readonly record struct ApiKeyId
{
    private const string Prefix = "key_";

    private readonly string? _value;

    private ApiKeyId(string value) => _value = value;

    /// <summary>The id without its prefix.</summary>
    public string Unique => ToString()[Prefix.Length..];

    /// <summary>Creates an id.</summary>
    public static ApiKeyId New(TimeProvider time) => new(Base32Id.New(Prefix, time));

    /// <summary>Parses an id; returns false if the text is not valid.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ApiKeyId id)
    {
        var valid = Base32Id.IsValid(Prefix, text);
        id = valid ? new ApiKeyId(text!) : default;
        return valid;
    }

    /// <summary>Parses an id without its prefix; returns false if the text is not valid.</summary>
    public static bool TryParseUnique(ReadOnlySpan<char> text, out ApiKeyId id) => TryParse(string.Concat(Prefix, text), out id);

    /// <inheritdoc/>
    public override string ToString() => _value ?? "";
}
