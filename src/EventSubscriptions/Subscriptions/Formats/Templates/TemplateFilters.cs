using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Fluid;
using Fluid.Values;

namespace EventSubscriptions.Subscriptions.Formats.Templates;

/// <summary>The filters of templates. Each takes what it makes from the budget of the rendering.</summary>
internal static partial class TemplateFilters
{
    private const int MaxDateFormat = 100;

    /// <summary>Filters of Fluid whose result can't be much longer than their input.</summary>
    private static readonly string[] s_ofFluid =
    [
        "abs",
        "at_least",
        "at_most",
        "base64_encode",
        "capitalize",
        "ceil",
        "compact",
        "divided_by",
        "downcase",
        "escape",
        "find",
        "first",
        "floor",
        "has",
        "last",
        "lstrip",
        "map",
        "minus",
        "modulo",
        "plus",
        "reject",
        "remove",
        "remove_first",
        "remove_last",
        "replace_first",
        "replace_last",
        "reverse",
        "round",
        "rstrip",
        "sha256",
        "size",
        "slice",
        "sort",
        "sort_natural",
        "strip",
        "strip_html",
        "strip_newlines",
        "sum",
        "times",
        "truncate",
        "truncatewords",
        "uniq",
        "upcase",
        "url_encode",
        "where",
    ];

    private static readonly FrozenDictionary<string, FilterDelegate> s_own = new Dictionary<string, FilterDelegate>(StringComparer.Ordinal)
    {
        ["default"] = Default,
        ["append"] = (input, arguments, context) => Concatenate(input, arguments.At(0), context),
        ["prepend"] = (input, arguments, context) => Concatenate(arguments.At(0), input, context),
        ["replace"] = Replace,
        ["split"] = Split,
        ["join"] = Join,
        ["concat"] = Concat,
        ["json"] = Json,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The names of all filters, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [.. s_ofFluid.Concat(["date", "time_zone"]).Concat(s_own.Keys).Order(StringComparer.Ordinal)];

    /// <summary>Replaces the filters of Fluid.</summary>
    public static void Register(FilterCollection filters)
    {
        var ofFluid = filters.ToDictionary(filter => filter.Key, filter => filter.Value, StringComparer.Ordinal);
        filters.Clear();
        foreach (var name in s_ofFluid)
        {
            filters.AddFilter(name, Bound(ofFluid[name]));
        }

        filters.AddFilter("date", Bound(WithFormat(ofFluid["date"])));
        filters.AddFilter("time_zone", Bound(WithTimeZone(ofFluid["time_zone"])));
        foreach (var (name, filter) in s_own)
        {
            filters.AddFilter(name, filter);
        }
    }

    /// <summary>A filter whose input and result count, and whose result is encoded when it is written.</summary>
    private static FilterDelegate Bound(FilterDelegate filter) =>
        async (input, arguments, context) =>
        {
            var budget = RenderBudget.Of(context);
            budget.TakeItems(input is ListValue list ? list.Items.Count : 0);
            budget.CheckArgument(arguments.At(0).ToStringValue());
            var result = await filter(input, arguments, context);
            switch (result)
            {
                case StringValue text:
                    budget.TakeText(text.ToStringValue().Length);
                    return ReferenceEquals(result, input) ? result : new StringValue(text.ToStringValue());
                case ArrayValue array:
                    budget.TakeItems(array.Values.Count);
                    return new ListValue(array.Values);
                default:
                    return result;
            }
        };

    /// <summary>The filter <c>date</c>, whose directives may have a width: <c>%999999999n</c> is a gigabyte of newlines.</summary>
    private static FilterDelegate WithFormat(FilterDelegate date) =>
        (input, arguments, context) =>
        {
            var format = arguments.At(0).ToStringValue();
            return format.Length > MaxDateFormat || WideDirective().IsMatch(format)
                ? throw new TemplateException("the format of a date is too long")
                : date(input, arguments, context);
        };

    /// <summary>The filter <c>time_zone</c>, which would read any file that the name leads to.</summary>
    private static FilterDelegate WithTimeZone(FilterDelegate timeZone) =>
        (input, arguments, context) =>
            arguments.At(0).ToStringValue() is var name
            && TimeZoneName().IsMatch(name)
            && TimeZoneInfo.TryFindSystemTimeZoneById(name, out _)
                ? timeZone(input, arguments, context)
                : throw new TemplateException("a time zone must be a name such as Europe/Istanbul");

    private static ValueTask<FluidValue> Default(FluidValue input, FilterArguments arguments, TemplateContext context) =>
        !input.ToBooleanValue()
        || input is StringValue { } text && text.ToStringValue().Length == 0
        || input is ListValue { Items.Count: 0 }
            ? arguments.At(0)
            : input;

    private static ValueTask<FluidValue> Concatenate(FluidValue first, FluidValue second, TemplateContext context)
    {
        var (head, tail) = (first.ToStringValue(), second.ToStringValue());
        RenderBudget.Of(context).TakeText(head.Length + (long)tail.Length);
        return new StringValue(head + tail);
    }

    private static ValueTask<FluidValue> Replace(FluidValue input, FilterArguments arguments, TemplateContext context)
    {
        var (text, from, to) = (input.ToStringValue(), arguments.At(0).ToStringValue(), arguments.At(1).ToStringValue());
        if (from.Length == 0)
        {
            return new StringValue(text);
        }

        var budget = RenderBudget.Of(context);
        budget.CheckArgument(from);
        var count = text.AsSpan().Count(from);
        budget.TakeText(text.Length + (count * ((long)to.Length - from.Length)));
        return new StringValue(text.Replace(from, to, StringComparison.Ordinal));
    }

    private static ValueTask<FluidValue> Split(FluidValue input, FilterArguments arguments, TemplateContext context)
    {
        var (text, separator) = (input.ToStringValue(), arguments.At(0).ToStringValue());
        var budget = RenderBudget.Of(context);
        budget.CheckArgument(separator);
        budget.TakeText(text.Length);
        if (separator.Length == 0)
        {
            budget.TakeItems(text.Length);
            return new ListValue([.. text.Select(letter => new StringValue(letter.ToString()))]);
        }

        budget.TakeItems(text.AsSpan().Count(separator) + 1);
        var parts = text.Split(separator).Select(part => new StringValue(part)).ToList();
        parts.RemoveRange(parts.FindLastIndex(part => part.ToStringValue().Length > 0) + 1, TrailingEmpty(parts));
        return new ListValue(parts);
    }

    /// <summary>Liquid drops the empty parts at the end.</summary>
    private static int TrailingEmpty(List<StringValue> parts) =>
        parts.Count - 1 - parts.FindLastIndex(part => part.ToStringValue().Length > 0);

    private static ValueTask<FluidValue> Join(FluidValue input, FilterArguments arguments, TemplateContext context)
    {
        if (input is not ListValue list)
        {
            return input;
        }

        var budget = RenderBudget.Of(context);
        budget.TakeItems(list.Items.Count);
        var separator = arguments.Count == 0 ? " " : arguments.At(0).ToStringValue();
        var parts = list.Items.Select(item => item.ToStringValue()).ToList();
        budget.TakeText(parts.Sum(part => (long)part.Length) + (separator.Length * (long)Math.Max(0, parts.Count - 1)));
        return new StringValue(string.Join(separator, parts));
    }

    private static ValueTask<FluidValue> Concat(FluidValue input, FilterArguments arguments, TemplateContext context)
    {
        if (input is not ListValue first || arguments.At(0) is not ListValue second)
        {
            return input;
        }

        RenderBudget.Of(context).TakeItems(first.Items.Count + second.Items.Count);
        return new ListValue([.. first.Items, .. second.Items]);
    }

    /// <summary>A value as JSON, which is written as it is where JSON is expected.</summary>
    private static ValueTask<FluidValue> Json(FluidValue input, FilterArguments arguments, TemplateContext context)
    {
        var json = JsonValues.ToJson(input);
        var budget = RenderBudget.Of(context);
        budget.TakeText(json.Length);
        return new StringValue(json, encode: !budget.WritesJson);
    }

    [GeneratedRegex(@"%(?:[\^_:-]*\d){3}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WideDirective();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,31}){0,2}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TimeZoneName();
}
