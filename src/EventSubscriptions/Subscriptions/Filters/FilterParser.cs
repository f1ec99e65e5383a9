using System.Buffers;
using System.Text;
using System.Text.Json;
using EventSubscriptions.Http;

namespace EventSubscriptions.Subscriptions.Filters;

/// <summary>
/// Compiles a filter: an object that maps paths to values or operators, and <c>$and</c>, <c>$or</c> and <c>$not</c> to filters.
/// </summary>
internal sealed class FilterParser
{
    private const int MaxDepth = 8;

    private static readonly string[] s_roots = ["eventName", "organizationId", "data"];
    private static readonly string[] s_combinations = ["$and", "$or", "$not"];

    /// <summary>The operators on a value. The test of a negated one is that of its counterpart.</summary>
    private static readonly Dictionary<string, Operator> s_operators = new(StringComparer.Ordinal)
    {
        ["$eq"] = Operator.OnValue(value => value.IsEqualTo),
        ["$neq"] = Operator.OnValue(value => value.IsEqualTo) with { IsNegated = true },
        ["$gt"] = Operator.OnOrder(order => order > 0),
        ["$gte"] = Operator.OnOrder(order => order >= 0),
        ["$lt"] = Operator.OnOrder(order => order < 0),
        ["$lte"] = Operator.OnOrder(order => order <= 0),
        ["$in"] = Operator.OnList,
        ["$nin"] = Operator.OnList with { IsNegated = true },
        ["$startsWith"] = Operator.OnText((text, part) => text.StartsWith(part, StringComparison.Ordinal)),
        ["$endsWith"] = Operator.OnText((text, part) => text.EndsWith(part, StringComparison.Ordinal)),
        ["$contains"] = Operator.OnText((text, part) => text.Contains(part, StringComparison.Ordinal)),
        ["$exist"] = Operator.OnExistence,
    };

    private readonly List<(string Path, string Message)> _errors = [];

    /// <summary>Compiles a filter in a request and reports every error by path and operator.</summary>
    public static SubscriptionFilter? Read(FieldReader fields, string name, bool required = false)
    {
        if (fields.Value(name, required) is not { } value)
        {
            return null;
        }

        var parser = new FilterParser();
        var condition = parser.ReadFilter(value, "", depth: 1);
        var json = ToCompact(value);
        if (Encoding.UTF8.GetByteCount(json) > SubscriptionFilter.MaxLength)
        {
            parser._errors.Add(("", $"must be at most {SubscriptionFilter.MaxLength} bytes of JSON"));
        }

        foreach (var (path, message) in parser._errors)
        {
            fields.AddError(name + path, message);
        }

        return parser._errors.Count > 0 ? null : new SubscriptionFilter(json, condition);
    }

    /// <summary>Compiles a filter, or returns the first error.</summary>
    public static SubscriptionFilter? Parse(JsonElement value, out string? error)
    {
        var parser = new FilterParser();
        var condition = parser.ReadFilter(value, "", depth: 1);
        error = parser._errors.Count > 0 ? $"{parser._errors[0].Path} {parser._errors[0].Message}" : null;
        return error is null ? new SubscriptionFilter(value.GetRawText(), condition) : null;
    }

    private static string ToCompact(JsonElement value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            value.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private AllOf ReadFilter(JsonElement filter, string place, int depth)
    {
        List<Condition> conditions = [];
        if (depth > MaxDepth)
        {
            _errors.Add((place, $"must not be nested deeper than {MaxDepth} levels"));
        }
        else if (filter.ValueKind != JsonValueKind.Object || !filter.EnumerateObject().Any())
        {
            _errors.Add((place, "must be an object with at least one path, $and, $or or $not"));
        }
        else
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var member in filter.EnumerateObject())
            {
                var here = $"{place}.{member.Name}";
                if (!names.Add(member.Name))
                {
                    _errors.Add((here, "is given more than once"));
                }
                else if (member.Name is "$and" or "$or")
                {
                    conditions.Add(ReadCombination(member, here, depth));
                }
                else if (member.Name == "$not")
                {
                    conditions.Add(new Not(ReadFilter(member.Value, here, depth + 1)));
                }
                else if (member.Name.StartsWith('$'))
                {
                    _errors.Add((here, $"is not a known operator{NearestName.Hint(member.Name, s_combinations)}"));
                }
                else if (ReadPath(member.Name, here) is { } path)
                {
                    conditions.AddRange(ReadTests(path, member.Value, here));
                }
            }
        }

        return new AllOf(conditions);
    }

    private Condition ReadCombination(JsonProperty member, string place, int depth)
    {
        if (member.Value.ValueKind != JsonValueKind.Array || member.Value.GetArrayLength() == 0)
        {
            _errors.Add((place, "must be an array of at least one filter"));
            return new AllOf([]);
        }

        List<Condition> filters =
        [
            .. member.Value.EnumerateArray().Select((filter, index) => ReadFilter(filter, $"{place}[{index}]", depth + 1)),
        ];
        return member.Name == "$and" ? new AllOf(filters) : new AnyOf(filters);
    }

    /// <summary>The names of a path. A backslash escapes a dot or a backslash within a name.</summary>
    private List<string>? ReadPath(string text, string place)
    {
        List<string> names = [];
        var name = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is '.' or '\\')
            {
                name.Append(text[++i]);
            }
            else if (text[i] == '.')
            {
                names.Add(name.ToString());
                name.Clear();
            }
            else
            {
                name.Append(text[i]);
            }
        }

        names.Add(name.ToString());
        if (names.Contains(""))
        {
            _errors.Add((place, "must be a path such as data.severity"));
            return null;
        }

        if (!s_roots.Contains(names[0], StringComparer.Ordinal))
        {
            _errors.Add(
                (place, $"must start at the payload's root: {string.Join(", ", s_roots)}. Did you mean '{Meant(text, names[0])}'?")
            );
            return null;
        }

        return names;
    }

    /// <summary>A path whose root has another case, or whose root was left out.</summary>
    private static string Meant(string text, string first) =>
        s_roots.FirstOrDefault(root => root.Equals(first, StringComparison.OrdinalIgnoreCase)) is { } root
            ? root + text[first.Length..]
            : $"data.{text}";

    private List<Condition> ReadTests(List<string> path, JsonElement value, string place)
    {
        List<Condition> conditions = [];
        if (value.ValueKind == JsonValueKind.Array)
        {
            _errors.Add((place, "must be a string, number, boolean, null or an object of operators; use $in for several values"));
        }
        else if (FilterValue.Of(value) is { } plain)
        {
            conditions.Add(new AtPath(path, plain.IsEqualTo));
        }
        else if (!value.EnumerateObject().Any())
        {
            _errors.Add((place, "must have at least one operator"));
        }
        else
        {
            foreach (var member in value.EnumerateObject())
            {
                if (!s_operators.TryGetValue(member.Name, out var found))
                {
                    _errors.Add(($"{place}.{member.Name}", $"is not a known operator{NearestName.Hint(member.Name, s_operators.Keys)}"));
                }
                else if (found.Compile(path, member.Value) is { } condition)
                {
                    conditions.Add(found.IsNegated ? new Not(condition) : condition);
                }
                else
                {
                    _errors.Add(($"{place}.{member.Name}", found.Expected));
                }
            }
        }

        return conditions;
    }

    /// <summary>An operator.</summary>
    /// <param name="Expected">The error for a value that it doesn't take.</param>
    /// <param name="Compile">The condition for a path and a value; null if it doesn't take the value.</param>
    private sealed record Operator(string Expected, Func<List<string>, JsonElement, Condition?> Compile)
    {
        public static readonly Operator OnList = new(
            "must be an array of at least one string, number, boolean or null",
            (path, value) =>
            {
                if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
                {
                    return null;
                }

                var values = value.EnumerateArray().Select(FilterValue.Of).ToList();
                if (values.Contains(null))
                {
                    return null;
                }

                var texts = values.Where(one => one!.IsText).Select(one => one!.Text).ToHashSet(StringComparer.Ordinal);
                var others = values.FindAll(one => !one!.IsText);
                return new AtPath(
                    path,
                    actual =>
                        actual.ValueKind == JsonValueKind.String
                            ? SafeJson.TextOf(actual) is { } text && texts.Contains(text)
                            : others.Exists(one => one!.IsEqualTo(actual)),
                    comparisons: others.Count
                );
            }
        );

        public static readonly Operator OnExistence = new(
            "must be true or false",
            (path, value) =>
                value.ValueKind switch
                {
                    JsonValueKind.True => new Exists(path),
                    JsonValueKind.False => new Not(new Exists(path)),
                    _ => null,
                }
        );

        /// <summary>Whether it is met when its counterpart is not.</summary>
        public bool IsNegated { get; init; }

        public static Operator OnValue(Func<FilterValue, Func<JsonElement, bool>> test) =>
            new(
                "must be a string, number, boolean or null",
                (path, value) => FilterValue.Of(value) is { } one ? new AtPath(path, test(one)) : null
            );

        public static Operator OnOrder(Func<int, bool> test) =>
            new(
                "must be a number or a string",
                (path, value) =>
                    FilterValue.Of(value) is { IsOrdered: true } bound
                        ? new AtPath(path, actual => bound.Compare(actual) is { } order && test(order))
                        : null
            );

        public static Operator OnText(Func<string, string, bool> test) =>
            new(
                "must be a string",
                (path, value) =>
                    FilterValue.Of(value) is { IsText: true } part
                        ? new AtPath(path, actual => SafeJson.TextOf(actual) is { } text && test(text, part.Text))
                        : null
            );
    }
}
