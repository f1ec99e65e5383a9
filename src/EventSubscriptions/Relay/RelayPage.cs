using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace EventSubscriptions.Relay;

/// <summary>The events of a response, in its order.</summary>
internal sealed class RelayPage
{
    public RelayPage(IReadOnlyList<RelayEvent> events)
    {
        Events = events;
        IsInOrder = true;
        foreach (var item in events)
        {
            if (item.At is { } at)
            {
                IsInOrder &= !(at < Newest);
                Newest = Newest > at ? Newest : at;
                Oldest = Oldest < at ? Oldest : at;
            }
        }
    }

    public IReadOnlyList<RelayEvent> Events { get; }

    /// <summary>The latest time; null if no event has one.</summary>
    public DateTimeOffset? Newest { get; }

    /// <summary>The earliest time; null if no event has one.</summary>
    public DateTimeOffset? Oldest { get; }

    /// <summary>Whether the events are ordered by time.</summary>
    public bool IsInOrder { get; }

    /// <summary>Parses a response, which must be a JSON array; otherwise returns the problem without quoting the response.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out RelayPage? page, [NotNullWhen(false)] out string? problem)
    {
        (page, problem) = (null, null);
        if (utf8.Span.StartsWith("\uFEFF"u8))
        {
            utf8 = utf8["\uFEFF"u8.Length..];
        }

        if (!Utf8.IsValid(utf8.Span))
        {
            utf8 = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(utf8.Span));
        }

        try
        {
            using var json = JsonDocument.Parse(utf8);
            if (json.RootElement.ValueKind != JsonValueKind.Array)
            {
                problem = "Relay's response is JSON, but not an array.";
                return false;
            }

            page = new RelayPage([.. json.RootElement.EnumerateArray().Select(RelayEvent.Read)]);
            return true;
        }
        catch (JsonException malformed)
        {
            problem = string.Create(
                CultureInfo.InvariantCulture,
                $"Relay's response is not JSON: line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine + 1}."
            );
            return false;
        }
    }
}
