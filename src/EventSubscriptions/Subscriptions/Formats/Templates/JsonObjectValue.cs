using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using EventSubscriptions.Subscriptions.Filters;
using Fluid;
using Fluid.Values;

namespace EventSubscriptions.Subscriptions.Formats.Templates;

/// <summary>A JSON object. Its members are read when a template asks for them; as text it is its JSON.</summary>
internal sealed class JsonObjectValue(JsonElement json, RenderBudget budget) : FluidValue
{
    public override FluidValues Type => FluidValues.Dictionary;

    public override ValueTask<FluidValue> GetValueAsync(string name, TemplateContext context)
    {
        budget.TakeMembers(json.GetPropertyCount());
        return SafeJson.MemberOf(json, name) is { } member ? JsonValues.Of(member, budget)
            : name == "size" ? NumberValue.Create(json.GetPropertyCount())
            : NilValue.Instance;
    }

    public override ValueTask<FluidValue> GetIndexAsync(FluidValue index, TemplateContext context) =>
        GetValueAsync(index.ToStringValue(), context);

    /// <summary>Pairs of name and value.</summary>
    public override IEnumerable<FluidValue> Enumerate(TemplateContext context)
    {
        budget.TakeItems(json.GetPropertyCount());
        foreach (var member in json.EnumerateObject())
        {
            if (NameOf(member) is { } name)
            {
                yield return new ListValue([new StringValue(name), JsonValues.Of(member.Value, budget)]);
            }
        }
    }

    public override bool Contains(FluidValue value)
    {
        budget.TakeMembers(json.GetPropertyCount());
        return SafeJson.MemberOf(json, value.ToStringValue()) is not null;
    }

    public override bool Equals(FluidValue? other) =>
        other is JsonObjectValue value && string.Equals(value.ToStringValue(), ToStringValue(), StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as FluidValue);

    public override int GetHashCode() => json.GetPropertyCount();

    public override bool ToBooleanValue() => true;

    public override decimal ToNumberValue() => 0;

    public override string ToStringValue()
    {
        budget.TakeRead(JsonMarshal.GetRawUtf8Value(json).Length);
        return json.GetRawText();
    }

    public override object ToObjectValue() => ToStringValue();

    public override ValueTask WriteToAsync(TextWriter writer, TextEncoder encoder, CultureInfo cultureInfo)
    {
        writer.Write(encoder.Encode(ToStringValue()));
        return default;
    }

    private static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            // JSON allows escapes of lone surrogates, and no .NET string does.
            return null;
        }
    }
}
