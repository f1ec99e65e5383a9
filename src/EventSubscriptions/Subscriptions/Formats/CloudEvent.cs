using System.Buffers;
using System.Globalization;
using System.Text.Json;
using EventSubscriptions.Events;
using EventSubscriptions.Http;

namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>The JSON of a CloudEvent (CloudEvents 1.0, JSON format).</summary>
internal static class CloudEvent
{
    private const int MembersLength = 512;

    public static ReadOnlyMemory<byte> Compose(in EventContent content)
    {
        var data = EventPayload.DataOf(content.Payload.Span);
        var buffer = new ArrayBufferWriter<byte>(data.Length + MembersLength);
        using (var writer = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            writer.WriteStartObject();
            writer.WriteString("specversion", "1.0");
            writer.WriteString("id", content.Id.ToString());
            writer.WriteString("source", string.Create(CultureInfo.InvariantCulture, $"/organizations/{content.Organization.Value}"));
            writer.WriteString("type", content.Name.ToString());
            writer.WriteString("time", EventTime.Format(content.PublishedAt));
            writer.WriteString("datacontenttype", "application/json");
            writer.WritePropertyName("data");
            writer.WriteRawValue(data, skipInputValidation: true);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
