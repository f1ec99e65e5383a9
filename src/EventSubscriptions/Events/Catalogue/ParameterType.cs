using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace EventSubscriptions.Events.Catalogue;

/// <summary>
/// The JSON type of an event's parameter as the catalogue spells it: <c>string</c>, <c>number</c>, <c>boolean</c> or <c>object</c>,
/// followed by <c>[]</c> for an array, with <c>|</c> between alternatives. One that may be <c>null</c> may also be absent.
/// </summary>
public sealed class ParameterType
{
    private static readonly FrozenDictionary<string, Kinds> s_kinds = new Dictionary<string, Kinds>(StringComparer.Ordinal)
    {
        ["string"] = Kinds.String,
        ["number"] = Kinds.Number,
        ["boolean"] = Kinds.Boolean,
        ["object"] = Kinds.Object,
        ["null"] = Kinds.Null,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly string _text;
    private readonly Kinds _values;
    private readonly Kinds _elements;

    private ParameterType(string text, Kinds values, Kinds elements)
    {
        _text = text;
        _values = values;
        _elements = elements;
        Requirement = "must be " + string.Join(" or ", text.Split('|').Select(Describe));
    }

    /// <summary>Whether the parameter may be <c>null</c> or absent.</summary>
    public bool AllowsNull => _values.HasFlag(Kinds.Null);

    /// <summary>The error for a value of another type, such as <c>must be an array of strings</c>.</summary>
    public string Requirement { get; }

    /// <summary>Parses the catalogue's spelling; returns false if it is not valid.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ParameterType? type)
    {
        type = null;
        Kinds values = default,
            elements = default;
        foreach (var alternative in (text ?? "").Split('|'))
        {
            var isArray = alternative.EndsWith("[]", StringComparison.Ordinal);
            if (!s_kinds.TryGetValue(isArray ? alternative[..^2] : alternative, out var kind))
            {
                return false;
            }

            if (isArray)
            {
                elements |= kind;
            }
            else
            {
                values |= kind;
            }
        }

        type = new ParameterType(text!, values, elements);
        return true;
    }

    /// <summary>Whether a value is of this type.</summary>
    public bool Accepts(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            return _values.HasFlag(KindOf(value));
        }

        if (_elements == default)
        {
            return false;
        }

        foreach (var element in value.EnumerateArray())
        {
            if (!_elements.HasFlag(KindOf(element)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes the members <c>type</c> and <c>items</c> of a JSON Schema (2020-12 §6.1.1) into the current object.</summary>
    internal void WriteSchema(Utf8JsonWriter writer)
    {
        WriteTypes(writer, _text.Split('|').Select(name => name.EndsWith("[]", StringComparison.Ordinal) ? "array" : name));
        if (_elements != default)
        {
            writer.WriteStartObject("items");
            WriteTypes(writer, s_kinds.Where(kind => _elements.HasFlag(kind.Value)).Select(kind => kind.Key));
            writer.WriteEndObject();
        }
    }

    /// <summary>The catalogue's spelling.</summary>
    public override string ToString() => _text;

    private static void WriteTypes(Utf8JsonWriter writer, IEnumerable<string> names)
    {
        var all = names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (all is [var only])
        {
            writer.WriteString("type", only);
            return;
        }

        writer.WriteStartArray("type");
        all.ForEach(writer.WriteStringValue);
        writer.WriteEndArray();
    }

    private static string Describe(string name) =>
        name switch
        {
            "null" => "null",
            "object" => "an object",
            _ when name.EndsWith("[]", StringComparison.Ordinal) => $"an array of {name[..^2]}s",
            _ => "a " + name,
        };

    private static Kinds KindOf(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => Kinds.String,
            JsonValueKind.Number => Kinds.Number,
            JsonValueKind.True or JsonValueKind.False => Kinds.Boolean,
            JsonValueKind.Object => Kinds.Object,
            JsonValueKind.Null => Kinds.Null,
            _ => Kinds.Nested,
        };

    [Flags]
    private enum Kinds
    {
        None = 0,
        String = 1,
        Number = 2,
        Boolean = 4,
        Object = 8,
        Null = 16,

        /// <summary>An array of arrays, which no parameter is.</summary>
        Nested = 32,
    }
}
