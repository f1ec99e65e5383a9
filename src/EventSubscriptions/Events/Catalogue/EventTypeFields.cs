using System.Buffers;
using System.Text.Json;
using EventSubscriptions.Http;

namespace EventSubscriptions.Events.Catalogue;

/// <summary>The fields of a custom event type, in requests and in the table.</summary>
internal static class EventTypeFields
{
    public const string Source = "custom";

    private const int MaxNameLength = 128;
    private const int MaxCategoryLength = 64;
    private const int MaxDescriptionLength = 1024;
    private const int MaxParameters = 64;
    private const int MaxParameterNameLength = 128;
    private const int MaxParameterDescriptionLength = 256;
    private const int MaxExampleBytes = 16 * 1024;

    /// <summary>Responses nest the example some levels deeper, and clients limit them, often to 64.</summary>
    private const int MaxExampleDepth = 32;

    /// <summary>The error for a name that no custom event type may have.</summary>
    public const string NameExpected = "must be 1 to 128 characters of A–Z, a–z, 0–9, ., _ and -, and start with a letter";

    public static bool IsName(string text) =>
        text.Length is > 0 and <= MaxNameLength
        && char.IsAsciiLetter(text[0])
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');

    /// <summary>Reads the fields and reports every error; then it is null.</summary>
    public static EventType? Read(EventName name, FieldReader fields)
    {
        var category = Text(fields, "category", MaxCategoryLength);
        if (category is not null && PlainText.CheckName(category) is { } error)
        {
            fields.AddError("category", error);
        }

        var description = Text(fields, "description", MaxDescriptionLength);
        var parameters = ReadParameters(fields);
        var example = fields.Value("example", required: true);
        if (example is { ValueKind: not JsonValueKind.Object })
        {
            fields.AddError("example", "must be an object: the data of an event");
        }
        else if (example is { } data && !IsWithin(data, MaxExampleDepth))
        {
            fields.AddError("example", $"must not be nested deeper than {MaxExampleDepth} levels");
        }

        if (fields.Errors.Any)
        {
            return null;
        }

        var type = new EventType(name, Source, category!, description!, parameters, example!.Value);
        foreach (var (parameter, problem) in type.Check(type.ExampleData))
        {
            fields.AddError($"example.{parameter}", problem);
        }

        if (type.ExamplePayload(EventType.ExampleOrganization).Length > MaxExampleBytes)
        {
            fields.AddError("example", $"must fit into a payload of at most {MaxExampleBytes} bytes");
        }

        return type;
    }

    /// <summary>Reads what was stored.</summary>
    public static EventType Read(EventName name, JsonElement stored)
    {
        var errors = new FieldErrors();
        var type = Read(name, new FieldReader(stored, errors));
        return type is not null && !errors.Any
            ? type
            : throw new InvalidDataException(
                $"The custom event type {name} is not valid: {string.Join(", ", errors.ByField().Select(field => $"{field.Key} {field.Value[0]}"))}."
            );
    }

    /// <summary>What is stored of a type.</summary>
    public static ReadOnlyMemory<byte> Write(EventType type)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            writer.WriteStartObject();
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
            type.ExampleData.WriteTo(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static bool IsWithin(JsonElement value, int depth) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => depth > 0 && value.EnumerateObject().All(member => IsWithin(member.Value, depth - 1)),
            JsonValueKind.Array => depth > 0 && value.EnumerateArray().All(item => IsWithin(item, depth - 1)),
            _ => true,
        };

    private static List<EventParameter> ReadParameters(FieldReader fields)
    {
        List<EventParameter> parameters = [];
        if (fields.Value("parameters") is not { } items)
        {
            return parameters;
        }

        if (items.ValueKind != JsonValueKind.Array || items.GetArrayLength() > MaxParameters)
        {
            fields.AddError("parameters", $"must be an array of at most {MaxParameters} objects");
            return parameters;
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, item) in items.EnumerateArray().Index())
        {
            var reader = new FieldReader(item, fields.Errors, $"parameters[{index}].");
            var name = Text(reader, "name", MaxParameterNameLength);
            var type = ReadType(reader);
            var isRequired = reader.Boolean("required");
            var description = Text(reader, "description", MaxParameterDescriptionLength, required: false) ?? "";
            reader.ReportUnknown();
            if (name is not null && !names.Add(name))
            {
                reader.AddError("name", "is repeated");
            }

            if (name is not null && type is not null)
            {
                parameters.Add(new EventParameter(name, type, description, isRequired ?? !type.AllowsNull));
            }
        }

        return parameters;
    }

    private static ParameterType? ReadType(FieldReader fields)
    {
        if (fields.Text("type", required: true, minLength: 1, maxLength: 128) is not { } text)
        {
            return null;
        }

        if (ParameterType.TryParse(text, out var type))
        {
            return type;
        }

        fields.AddError(
            "type",
            "must be string, number, boolean, object or null, with [] after it for an array, and with | between alternatives"
        );
        return null;
    }

    private static string? Text(FieldReader fields, string name, int maxLength, bool required = true)
    {
        var text = fields.Text(name, required, minLength: required ? 1 : 0, maxLength);
        return text is null || PlainText.IsText(text) ? text : fields.AddError(name, PlainText.TextExpected);
    }
}
