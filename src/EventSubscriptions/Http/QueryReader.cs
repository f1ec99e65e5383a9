using System.Globalization;
using EventSubscriptions.Storage;
using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Http;

/// <summary>Reads the query of a request and reports every error: invalid values, repeated parameters and unknown ones.</summary>
public sealed class QueryReader(HttpRequest request, FieldErrors errors)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>A parameter as it is, or null if it is absent.</summary>
    public string? Text(string name)
    {
        _known.Add(name);
        if (!request.Query.TryGetValue(name, out var values) || !HasExactly(name))
        {
            return null;
        }

        if (values.Count != 1)
        {
            errors.Add(name, "is given more than once");
            return null;
        }

        if (string.IsNullOrEmpty(values[0]))
        {
            errors.Add(name, "has no value");
            return null;
        }

        return values[0];
    }

    /// <summary>A parameter with a fixed set of values.</summary>
    public T? OneOf<T>(string name)
        where T : struct, Enum
    {
        var text = Text(name);
        var member = EnumNames<T>.Find(text);
        if (text is not null && member is null)
        {
            errors.Add(name, $"must be one of {string.Join(", ", EnumNames<T>.All)}");
        }

        return member;
    }

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool? Boolean(string name)
    {
        switch (Text(name))
        {
            case null:
                return null;
            case "true":
                return true;
            case "false":
                return false;
            default:
                errors.Add(name, "must be true or false");
                return null;
        }
    }

    /// <summary>A whole number within inclusive bounds.</summary>
    public int? Number(string name, int min, int max)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
        {
            return number;
        }

        errors.Add(name, $"must be a whole number from {min} to {max}");
        return null;
    }

    /// <summary>The parameters <c>from</c> and <c>to</c>.</summary>
    public TimeRange TimeRange()
    {
        var range = new TimeRange(Time("from"), Time("to"));
        if (range.From >= range.To)
        {
            errors.Add("to", "must be later than from");
        }

        return range;
    }

    /// <summary>The parameters <c>pageSize</c> and <c>continuationToken</c>.</summary>
    /// <param name="list">The list to page, such as <c>auditlog/7</c>. A token of another list is an error.</param>
    public PageRequest Page(string list)
    {
        var size = Number("pageSize", 1, PageRequest.MaxSize) ?? PageRequest.DefaultSize;
        string? after = null;
        if (Text("continuationToken") is { } token && !ContinuationToken.TryDecode(token, list, out after))
        {
            errors.Add("continuationToken", "is not a token of this list");
        }

        return new PageRequest(list, size, after);
    }

    /// <summary>Reports the parameters that nothing has read.</summary>
    internal void ReportUnknown()
    {
        foreach (var name in request.Query.Keys)
        {
            if (!_known.Contains(name))
            {
                errors.Add(name, $"is an unknown parameter{NearestName.Hint(name, _known)}");
            }
        }
    }

    private DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (IsoTime.TryParse(text, out var time))
        {
            return time;
        }

        errors.Add(name, $"{IsoTime.Expected} (a + must be written %2B)");
        return null;
    }

    /// <summary>The framework's query look-up ignores case; parameter names of this API don't.</summary>
    private bool HasExactly(string name) => request.Query.Keys.Contains(name, StringComparer.Ordinal);
}

/// <summary>A time range.</summary>
/// <param name="From">The first moment of the range, or null.</param>
/// <param name="To">The first moment after the range, or null.</param>
public sealed record TimeRange(DateTimeOffset? From, DateTimeOffset? To);
