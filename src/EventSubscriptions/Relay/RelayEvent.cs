using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EventSubscriptions.Events;

namespace EventSubscriptions.Relay;

/// <summary>
/// An event as Relay returns it. Nothing is assumed: missing fields are null, and fields of another type than documented are read as their
/// JSON.
/// </summary>
internal sealed record RelayEvent
{
    /// <summary>Earlier times count as missing, such as 0001-01-01 and 1970-01-01.</summary>
    private const int FirstYear = 2000;

    /// <summary>The Relay id if it is a valid event id, else a hash of it, or of the whole event if it has none.</summary>
    public required EventId Id { get; init; }

    /// <summary>When it happened, truncated to the microsecond; null if it is missing, not readable, or before 2000.</summary>
    public DateTimeOffset? At { get; private init; }

    public string? RelayId { get; private init; }

    public string? SubscriberId { get; private init; }

    /// <summary>Unchanged.</summary>
    public string? Timestamp { get; private init; }

    public string? Category { get; private init; }

    public string? ContentType { get; private init; }

    /// <summary>Nominally JSON.</summary>
    public string? Content { get; private init; }

    public string? UserId { get; private init; }

    public string? ProfileId { get; private init; }

    public string? SourceType { get; private init; }

    public string? WorkflowId { get; private init; }

    public string? WorkflowInstanceId { get; private init; }

    /// <summary>Reads an element of a response. Anything but an object becomes the content of an event without other fields.</summary>
    public static RelayEvent Read(JsonElement json)
    {
        try
        {
            return json.ValueKind == JsonValueKind.Object ? ReadMembers(json) : Unread(json);
        }
        catch (InvalidOperationException)
        {
            // A member's name may not be valid text: see below.
            return Unread(json);
        }
    }

    private static RelayEvent Unread(JsonElement json) =>
        new() { Id = Hashed(JsonMarshal.GetRawUtf8Value(json)), Content = json.GetRawText() };

    private static RelayEvent ReadMembers(JsonElement json)
    {
        var relayId = Text(json, "id") is { Length: > 0 } given ? given : null;
        var timestamp = Text(json, "timestamp");
        return new RelayEvent
        {
            Id =
                relayId is null ? Hashed(JsonMarshal.GetRawUtf8Value(json))
                : EventId.TryParse(relayId, out var id) ? id
                : Hashed(Encoding.UTF8.GetBytes(relayId)),
            At = TryParseTime(timestamp, out var at) && at.Year >= FirstYear ? at : null,
            RelayId = relayId,
            SubscriberId = Text(json, "sub_id"),
            Timestamp = timestamp,
            Category = Text(json, "category"),
            ContentType = Text(json, "content_type"),
            Content = Text(json, "content"),
            UserId = Text(json, "user_id"),
            ProfileId = Text(json, "profile_id"),
            SourceType = Text(json, "source_type"),
            WorkflowId = Text(json, "workflow_id"),
            WorkflowInstanceId = Text(json, "workflow_instance_id"),
        };
    }

    /// <summary>The text of a field, or its JSON if it is not readable text; null if it is null or absent.</summary>
    public static string? Text(JsonElement json, string member)
    {
        if (!json.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
        }
        catch (InvalidOperationException)
        {
            // JSON's grammar allows half of a surrogate pair in an escape, but it is not text.
            return value.GetRawText();
        }
    }

    /// <summary>
    /// Parses an ISO 8601 time; without an offset it is UTC. Digits after the microsecond are truncated, never rounded: a time must not
    /// become later.
    /// </summary>
    internal static bool TryParseTime(string? text, out DateTimeOffset time)
    {
        const int MaxDigits = 6;
        time = default;
        if (text is null)
        {
            return false;
        }

        var point = text.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0)
        {
            var end = point + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            text = string.Concat(text.AsSpan(0, Math.Min(end, point + 1 + MaxDigits)), text.AsSpan(end));
        }

        return DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out time
        );
    }

    private static EventId Hashed(ReadOnlySpan<byte> bytes) =>
        EventId.TryParse($"relay_{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16))}", out var id)
            ? id
            : throw new UnreachableException();
}
