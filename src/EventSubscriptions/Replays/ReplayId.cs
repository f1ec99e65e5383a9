using System.Diagnostics.CodeAnalysis;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Replays;

/// <summary>The id of a replay: <c>rpl_</c> and a UUIDv7 in lower-case base32, so that ids sort by creation time.</summary>
public readonly record struct ReplayId
{
    private const string Prefix = "rpl_";

    private readonly string? _value;

    private ReplayId(string value) => _value = value;

    public string Unique => _value?[Prefix.Length..] ?? "";

    /// <summary>Creates an id.</summary>
    public static ReplayId New(TimeProvider time) => new(Prefix + Base32Id.New(time));

    /// <summary>Parses an id; returns false if the text is not valid.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ReplayId id)
    {
        var valid = text is not null && text.StartsWith(Prefix, StringComparison.Ordinal) && Base32Id.IsValid(text.AsSpan(Prefix.Length));
        id = valid ? new ReplayId(text!) : default;
        return valid;
    }

    /// <inheritdoc/>
    public override string ToString() => _value ?? "";
}
