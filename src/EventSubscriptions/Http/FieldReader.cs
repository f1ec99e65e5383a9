using System.Runtime.InteropServices;
using System.Text.Json;
using EventSubscriptions.Options;

namespace EventSubscriptions.Http;

/// <summary>
/// Reads the fields of a JSON object and reports every error instead of stopping at the first. A field that is absent, null or invalid
/// reads as null; the errors are complete after <see cref="ReportUnknown"/>.
/// </summary>
public sealed class FieldReader
{
    private readonly JsonElement _object;
    private readonly FieldErrors _errors;
    private readonly string _path;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <param name="element">The object. Anything else is an error.</param>
    /// <param name="errors">Collects the errors.</param>
    /// <param name="path">Where the object is in the body, such as <c>[3].</c>; empty for the body itself.</param>
    public FieldReader(JsonElement element, FieldErrors errors, string path = "")
    {
        _object = element;
        _errors = errors;
        _path = path;
        if (!IsObject)
        {
            errors.Add(path.Length == 0 ? "body" : path.TrimEnd('.'), "must be an object");
        }
    }

    public FieldErrors Errors => _errors;

    private bool IsObject => _object.ValueKind == JsonValueKind.Object;

    /// <summary>Whether the field is present, even if it is null.</summary>
    public bool Has(string name)
    {
        _known.Add(name);
        return IsObject && _object.TryGetProperty(name, out _);
    }

    /// <summary>Whether the field is present and null.</summary>
    public bool IsNull(string name) => Has(name) && _object.GetProperty(name).ValueKind == JsonValueKind.Null;

    /// <summary>A string with a length in characters (Unicode code points).</summary>
    public string? Text(string name, bool required = false, int minLength = 0, int maxLength = int.MaxValue)
    {
        if (Value(name, required) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            return AddError(name, "must be a string");
        }

        var text = value.GetString()!;
        var length = Length(text);
        if (length >= minLength && length <= maxLength)
        {
            return text;
        }

        return AddError(
            name,
            minLength > 0 ? $"must be {minLength} to {maxLength} characters long" : $"must be at most {maxLength} characters long"
        );
    }

    /// <summary>One of the names of an enum.</summary>
    public T? OneOf<T>(string name, bool required = false)
        where T : struct, Enum
    {
        var text = Text(name, required);
        var member = EnumNames<T>.Find(text);
        if (text is not null && member is null)
        {
            AddError(name, $"must be one of {string.Join(", ", EnumNames<T>.All)}");
        }

        return member;
    }

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool? Boolean(string name, bool required = false)
    {
        if (Value(name, required) is not { } value)
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        AddError(name, "must be true or false");
        return null;
    }

    /// <summary>A whole number within inclusive bounds.</summary>
    public int? Number(string name, bool required = false, int min = int.MinValue, int max = int.MaxValue)
    {
        if (Value(name, required) is not { } value)
        {
            return null;
        }

        if (
            value.ValueKind == JsonValueKind.Number
            && JsonInteger.TryRead(JsonMarshal.GetRawUtf8Value(value), out var number)
            && number >= min
            && number <= max
        )
        {
            return number;
        }

        AddError(name, $"must be a whole number from {min} to {max}");
        return null;
    }

    /// <summary>An ISO 8601 time with an offset.</summary>
    public DateTimeOffset? Time(string name, bool required = false)
    {
        if (Value(name, required) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && IsoTime.TryParse(value.GetString(), out var time))
        {
            return time;
        }

        AddError(name, IsoTime.Expected);
        return null;
    }

    /// <summary>A duration <c>[d.]hh:mm:ss[.fff]</c> within inclusive bounds.</summary>
    public TimeSpan? Duration(string name, TimeSpan min, TimeSpan max)
    {
        if (Value(name) is not { } value)
        {
            return null;
        }

        if (
            value.ValueKind == JsonValueKind.String
            && DurationText.TryParse(value.GetString()!, out var duration)
            && duration >= min
            && duration <= max
        )
        {
            return duration;
        }

        AddError(name, DurationText.Expected(min, max));
        return null;
    }

    /// <summary>An array of durations <c>[d.]hh:mm:ss[.fff]</c>. Errors of an element are reported under <c>name[index]</c>.</summary>
    public IReadOnlyList<TimeSpan>? Durations(string name, TimeSpan min, TimeSpan max)
    {
        if (Texts(name) is not { } texts)
        {
            return null;
        }

        var durations = new List<TimeSpan>(texts.Count);
        for (var i = 0; i < texts.Count; i++)
        {
            if (DurationText.TryParse(texts[i], out var duration) && duration >= min && duration <= max)
            {
                durations.Add(duration);
            }
            else
            {
                AddError($"{name}[{i}]", DurationText.Expected(min, max));
            }
        }

        return durations.Count == texts.Count ? durations : null;
    }

    /// <summary>An array of strings. Errors of an element are reported under <c>name[index]</c>.</summary>
    public IReadOnlyList<string>? Texts(string name, bool required = false)
    {
        if (Value(name, required) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            AddError(name, "must be an array of strings");
            return null;
        }

        var texts = new List<string>(value.GetArrayLength());
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.String)
            {
                texts.Add(item.GetString()!);
            }
            else
            {
                AddError($"{name}[{index}]", "must be a string");
            }

            index++;
        }

        return texts.Count == index ? texts : null;
    }

    /// <summary>A field of any kind; null if it is absent or null.</summary>
    public JsonElement? Value(string name, bool required = false)
    {
        _known.Add(name);
        if (!IsObject)
        {
            return null;
        }

        if (_object.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
        {
            return value;
        }

        if (required)
        {
            AddError(name, value.ValueKind == JsonValueKind.Null ? "may not be null" : "is required");
        }

        return null;
    }

    /// <summary>Adds an error that only the caller can see, such as an unknown name. Returns null.</summary>
    public string? AddError(string name, string message)
    {
        _errors.Add(_path + name, message);
        return null;
    }

    /// <summary>Reports the fields that nothing has read, each with the known name that was probably meant.</summary>
    public void ReportUnknown()
    {
        if (!IsObject)
        {
            return;
        }

        foreach (var member in _object.EnumerateObject())
        {
            if (!_known.Contains(member.Name))
            {
                AddError(member.Name, $"is unknown{NearestName.Hint(member.Name, _known)}");
            }
        }
    }

    private static int Length(string text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
        {
            count++;
        }

        return count;
    }
}
