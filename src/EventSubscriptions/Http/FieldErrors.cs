using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Http;

/// <summary>Every mistake of one request, by field, so that a caller sees them all at once.</summary>
public sealed class FieldErrors
{
    /// <summary>Messages beyond this many are counted and not kept: an answer stays small.</summary>
    private const int MaxKept = 100;

    private readonly Dictionary<string, List<string>> _byField = new(StringComparer.Ordinal);

    /// <summary>How many mistakes there are.</summary>
    public int Count { get; private set; }

    /// <summary>Whether there is any.</summary>
    public bool Any => Count > 0;

    /// <summary>Adds a mistake.</summary>
    /// <param name="field">A member, a parameter of the query or a header, such as <c>events[2]</c>.</param>
    /// <param name="message">What is wrong, as the rest of a sentence that begins with the field. It never repeats a secret.</param>
    public void Add(string field, string message)
    {
        Count++;
        if (Count > MaxKept)
        {
            return;
        }

        if (!_byField.TryGetValue(field, out var messages))
        {
            _byField.Add(field, messages = []);
        }

        messages.Add(message);
    }

    /// <summary>The messages that were kept, fields in the order in which they were found wrong.</summary>
    public IReadOnlyDictionary<string, string[]> ByField() =>
        _byField.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray(), StringComparer.Ordinal);

    /// <summary>400 with all of them.</summary>
    public IResult ToProblem() => Problem.Invalid(this);
}
