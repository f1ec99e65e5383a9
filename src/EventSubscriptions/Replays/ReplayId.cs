using System.Diagnostics.CodeAnalysis;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Replays;

/// <summary>A replay's id: <c>rpl_</c> and a UUIDv7 in lower-case base32, so that ids sort by the time they were made.</summary>
public readonly record struct ReplayId
{
    private const string Prefix = "rpl_";

    private readonly string? _value;

    private ReplayId(string value) => _value = value;

    /// <summary>What follows the prefix.</summary>
    public string Unique => _value?[Prefix.Length..] ?? "";

    /// <summary>Makes a new id.</summary>
    public static ReplayId New(TimeProvider time) => new(Prefix + Base32Id.New(time));

    /// <summary>Parses an id, or says that the text isn't one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ReplayId id)
    {
        var valid = text is not null && text.StartsWith(Prefix, StringComparison.Ordinal) && Base32Id.IsValid(text.AsSpan(Prefix.Length));
        id = valid ? new ReplayId(text!) : default;
        return valid;
    }

    /// <inheritdoc/>
    public override string ToString() => _value ?? "";
}
