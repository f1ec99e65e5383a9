using System.Globalization;
using System.Text.Encodings.Web;
using Fluid;
using Fluid.Values;

namespace EventSubscriptions.Subscriptions.Formats.Templates;

/// <summary>An array. As text it is its JSON, encoded: Fluid's own arrays write their items as they are.</summary>
internal sealed class ListValue(IReadOnlyList<FluidValue> items) : FluidValue
{
    public IReadOnlyList<FluidValue> Items => items;

    public override FluidValues Type => FluidValues.Array;

    public override ValueTask<FluidValue> GetValueAsync(string name, TemplateContext context) =>
        name switch
        {
            "size" => NumberValue.Create(items.Count),
            "first" when items.Count > 0 => items[0],
            "last" when items.Count > 0 => items[^1],
            _ => NilValue.Instance,
        };

    public override ValueTask<FluidValue> GetIndexAsync(FluidValue index, TemplateContext context)
    {
        var position = index.ToNumberValue();
        position = position < 0 ? items.Count + position : position;
        return position >= 0 && position < items.Count ? items[(int)position] : NilValue.Instance;
    }

    public override IEnumerable<FluidValue> Enumerate(TemplateContext context) => items;

    public override bool Contains(FluidValue value) => items.Contains(value);

    public override bool Equals(FluidValue? other) =>
        other is ListValue list
            ? items.SequenceEqual(list.Items)
            : other is not null && (other.IsNil() || other.Type == FluidValues.Empty) && items.Count == 0;

    public override bool Equals(object? obj) => Equals(obj as FluidValue);

    public override int GetHashCode() => items.Count;

    public override bool ToBooleanValue() => true;

    public override decimal ToNumberValue() => items.Count;

    public override string ToStringValue() => JsonValues.ToJson(this);

    public override object ToObjectValue() => ToStringValue();

    public override ValueTask WriteToAsync(TextWriter writer, TextEncoder encoder, CultureInfo cultureInfo)
    {
        writer.Write(encoder.Encode(ToStringValue()));
        return default;
    }
}
