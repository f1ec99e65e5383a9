using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Events;

/// <summary>
/// The id of an event, unique within its organization: 1–64 characters of <c>A–Z a–z 0–9 _ -</c>. Receivers get it as <c>webhook-id</c> and
/// deduplicate by it.
/// </summary>
public readonly record struct EventId
{
    /// <summary>The longest id in characters.</summary>
    public const int MaxLength = 64;

    /// <summary>The ids of operational events start with it, so that no publisher can take one of them first.</summary>
    internal const string OperationalPrefix = "sys_";

    private static readonly SearchValues<char> s_allowed = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    );

    private readonly string? _value;

    private EventId(string value) => _value = value;

    /// <summary>Creates an id for an event without one: <c>evt_</c> and a UUIDv7 in lower-case base32.</summary>
    public static EventId New(TimeProvider time) => new(Base32Id.New("evt_", time));

    /// <summary>Parses an id; returns false if the text is not valid.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out EventId id)
    {
        var valid = text is { Length: > 0 and <= MaxLength } && !text.AsSpan().ContainsAnyExcept(s_allowed);
        id = valid ? new EventId(text!) : default;
        return valid;
    }

    /// <summary>Parses an id that a publisher gives: any but those of operational events.</summary>
    public static bool TryParsePublished([NotNullWhen(true)] string? text, out EventId id) =>
        TryParse(text, out id) && !text.StartsWith(OperationalPrefix, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => _value ?? "";
}
