using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using EventSubscriptions.Events;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Subscriptions;

/// <summary>
/// The operational events that were stored in one write with the health that they report, as JSON. They stay in the row until they have
/// been published.
/// </summary>
public static class HealthOutbox
{
    /// <summary>The most events in a row. They are that many only if nothing could be published for a while.</summary>
    public const int Capacity = 6;

    /// <summary>The largest property of Table Storage: 64 KiB in UTF-16.</summary>
    private const int MaxLength = 32 * 1024;

    /// <summary>Adds an event at the end. One that doesn't fit is dropped.</summary>
    /// <param name="outbox">The events before, or null for none.</param>
    public static string? Append(string? outbox, OperationalEvent added)
    {
        using var stored = JsonDocument.Parse(outbox ?? "[]");
        if (stored.RootElement.GetArrayLength() >= Capacity)
        {
            return outbox;
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            json.WriteStartArray();
            foreach (var item in stored.RootElement.EnumerateArray())
            {
                json.WriteRawValue(JsonMarshal.GetRawUtf8Value(item));
            }

            json.WriteStartObject();
            json.WriteString("id", added.Id.ToString());
            json.WritePropertyName("payload");
            json.WriteRawValue(added.Payload.Span);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        var text = Encoding.UTF8.GetString(buffer.WrittenSpan);
        return text.Length <= MaxLength ? text : outbox;
    }

    /// <summary>The events, oldest first.</summary>
    public static IReadOnlyList<OperationalEvent> Read(OrganizationId organization, string? outbox)
    {
        if (outbox is null)
        {
            return [];
        }

        using var stored = JsonDocument.Parse(outbox);
        return [.. stored.RootElement.EnumerateArray().Select(item => ReadEvent(organization, item))];
    }

    private static OperationalEvent ReadEvent(OrganizationId organization, JsonElement item)
    {
        var payload = item.GetProperty("payload");
        return EventId.TryParse(item.GetProperty("id").GetString(), out var id)
            ? new OperationalEvent(
                organization,
                id,
                EventName.Parse(payload.GetProperty("eventName").GetString()),
                JsonMarshal.GetRawUtf8Value(payload).ToArray()
            )
            : throw new InvalidDataException("An operational event in the health of a subscription has no valid id.");
    }
}
