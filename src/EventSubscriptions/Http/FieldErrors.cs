using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Http;

/// <summary>All errors of a request by field, so that a caller sees them at once.</summary>
public sealed class FieldErrors
{
    /// <summary>Messages beyond these are counted but not kept, so that responses stay small.</summary>
    private const int MaxKept = 100;

    private readonly Dictionary<string, List<string>> _byField = new(StringComparer.Ordinal);

    public int Count { get; private set; }

    public bool Any => Count > 0;

    /// <summary>Adds an error.</summary>
    /// <param name="field">A field, a query parameter or a header, such as <c>events[2]</c>.</param>
    /// <param name="message">What is wrong, as the rest of a sentence that starts with the field. It never contains a secret.</param>
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

    /// <summary>The messages by field, in the order in which they were added.</summary>
    public IReadOnlyDictionary<string, string[]> ByField() =>
        _byField.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray(), StringComparer.Ordinal);

    /// <summary>400 with all errors.</summary>
    public IResult ToProblem() => Problem.Invalid(this);
}
