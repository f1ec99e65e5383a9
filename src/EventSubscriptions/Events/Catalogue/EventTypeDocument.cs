using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EventSubscriptions.Events.Catalogue;

/// <summary>The JSON of event types, written once when they are loaded.</summary>
internal static class EventTypeDocument
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ReadOnlyMemory<byte> Write(EventType type, ReadOnlySpan<byte> example)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, s_options))
        {
            writer.WriteStartObject();
            writer.WriteString("name", type.Name.ToString());
            writer.WriteString("source", type.Source);
            writer.WriteString("category", type.Category);
            writer.WriteString("description", type.Description);
            writer.WriteStartArray("parameters");
            foreach (var parameter in type.Parameters)
            {
                writer.WriteStartObject();
                writer.WriteString("name", parameter.Name);
                writer.WriteString("type", parameter.Type.ToString());
                writer.WriteBoolean("required", parameter.IsRequired);
                writer.WriteString("description", parameter.Description);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WritePropertyName("example");
            writer.WriteRawValue(example);
            WriteSchema(writer, type);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>The list of all: <c>{"items":[…],"continuationToken":null}</c>, always one page.</summary>
    public static ReadOnlyMemory<byte> WriteList(IEnumerable<EventType> types)
    {
        var buffer = new ArrayBufferWriter<byte>(128 * 1024);
        using (var writer = new Utf8JsonWriter(buffer, s_options))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("items");
            foreach (var type in types)
            {
                writer.WriteRawValue(type.Document.Span);
            }

            writer.WriteEndArray();
            writer.WriteNull("continuationToken");
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>The same value without insignificant whitespace.</summary>
    public static JsonElement Compact(JsonElement value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, s_options))
        {
            value.WriteTo(writer);
        }

        var reader = new Utf8JsonReader(buffer.WrittenSpan);
        return JsonElement.ParseValue(ref reader);
    }

    // JSON Schema, draft 2020-12. Additional members are allowed, as on publish.
    private static void WriteSchema(Utf8JsonWriter writer, EventType type)
    {
        writer.WriteStartObject("schema");
        writer.WriteString("$schema", "https://json-schema.org/draft/2020-12/schema");
        writer.WriteString("title", type.Name.ToString());
        writer.WriteString("description", type.Description);
        writer.WriteString("type", "object");
        writer.WriteStartObject("properties");

        writer.WriteStartObject("eventName");
        writer.WriteString("const", type.Name.ToString());
        writer.WriteEndObject();

        writer.WriteStartObject("organizationId");
        writer.WriteString("type", "integer");
        writer.WriteNumber("minimum", 0);
        writer.WriteNumber("maximum", int.MaxValue);
        writer.WriteEndObject();

        writer.WriteStartObject("data");
        writer.WriteString("type", "object");
        writer.WriteStartObject("properties");
        foreach (var parameter in type.Parameters)
        {
            writer.WriteStartObject(parameter.Name);
            parameter.Type.WriteSchema(writer);
            writer.WriteString("description", parameter.Description);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        WriteRequired(writer, type.Parameters.Where(parameter => parameter.IsRequired).Select(parameter => parameter.Name));
        writer.WriteEndObject();

        writer.WriteEndObject();
        WriteRequired(writer, ["eventName", "organizationId", "data"]);
        writer.WriteEndObject();
    }

    private static void WriteRequired(Utf8JsonWriter writer, IEnumerable<string> names)
    {
        writer.WriteStartArray("required");
        foreach (var name in names)
        {
            writer.WriteStringValue(name);
        }

        writer.WriteEndArray();
    }
}
