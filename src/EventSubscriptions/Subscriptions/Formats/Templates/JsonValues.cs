using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using EventSubscriptions.Subscriptions.Filters;
using Fluid.Values;

namespace EventSubscriptions.Subscriptions.Formats.Templates;

/// <summary>JSON as values of templates.</summary>
internal static class JsonValues
{
    public static FluidValue Of(JsonElement json, RenderBudget budget)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                return new JsonObjectValue(json, budget);
            case JsonValueKind.Array:
                var count = json.GetArrayLength();
                budget.TakeItems(count);
                var items = new List<FluidValue>(count);
                foreach (var item in json.EnumerateArray())
                {
                    items.Add(Of(item, budget));
                }

                return new ListValue(items);
            case JsonValueKind.String:
                budget.TakeRead(JsonMarshal.GetRawUtf8Value(json).Length);
                return new StringValue(SafeJson.TextOf(json) ?? "");
            case JsonValueKind.Number:
                return json.TryGetDecimal(out var number) ? NumberValue.Create(number) : new StringValue(json.GetRawText(), encode: false);
            case JsonValueKind.True:
                return BooleanValue.True;
            case JsonValueKind.False:
                return BooleanValue.False;
            default:
                return NilValue.Instance;
        }
    }

    /// <summary>A value as JSON.</summary>
    public static string ToJson(FluidValue value) =>
        value switch
        {
            JsonObjectValue json => json.ToStringValue(),
            _ when value.IsNil() => "null",
            BooleanValue boolean => boolean.ToBooleanValue() ? "true" : "false",
            NumberValue number => number.ToStringValue(),
            ListValue list => $"[{string.Join(',', list.Items.Select(ToJson))}]",
            StringValue { Encode: false } raw => raw.ToStringValue(),
            _ => $"\"{JsonEncodedText.Encode(value.ToStringValue(), JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"",
        };
}
