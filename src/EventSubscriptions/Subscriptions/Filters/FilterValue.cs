using System.Text.Json;

namespace EventSubscriptions.Subscriptions.Filters;

/// <summary>Compares a value of a filter with one of a payload.</summary>
internal sealed class FilterValue
{
    private readonly JsonValueKind _kind;
    private readonly string _text = "";
    private readonly double _number;
    private readonly decimal? _exact;

    private FilterValue(JsonElement value)
    {
        _kind = value.ValueKind;
        if (_kind == JsonValueKind.String)
        {
            _text = value.GetString()!;
        }
        else if (_kind == JsonValueKind.Number)
        {
            (_number, _exact) = Read(value);
        }
    }

    public bool IsText => _kind == JsonValueKind.String;

    public bool IsOrdered => _kind is JsonValueKind.String or JsonValueKind.Number;

    public string Text => _text;

    /// <summary>A string, number, boolean or null; null for an object or array.</summary>
    public static FilterValue? Of(JsonElement value) =>
        value.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? null : new FilterValue(value);

    public bool IsEqualTo(JsonElement value) =>
        value.ValueKind == _kind
        && _kind switch
        {
            JsonValueKind.String => SafeJson.TextOf(value) == _text,
            JsonValueKind.Number => Compare(value) == 0,
            _ => true,
        };

    /// <summary>
    /// Compares a value of a payload with this one: numbers by value, strings by their UTF-16 code units. Null if their types differ or have
    /// no order.
    /// </summary>
    public int? Compare(JsonElement value)
    {
        if (value.ValueKind != _kind || !IsOrdered)
        {
            return null;
        }

        if (_kind == JsonValueKind.String)
        {
            return SafeJson.TextOf(value) is { } text ? string.CompareOrdinal(text, _text) : null;
        }

        var (number, exact) = Read(value);
        var order = number.CompareTo(_number);
        return order == 0 && exact is { } one && _exact is { } other ? one.CompareTo(other) : order;
    }

    /// <summary>Doubles order all numbers; decimals tell large integers apart that are the same double.</summary>
    private static (double Number, decimal? Exact) Read(JsonElement value) =>
        (value.GetDouble(), value.TryGetDecimal(out var exact) ? exact : null);
}
