using System.Text.Json;

namespace EventSubscriptions.Subscriptions.Filters;

/// <summary>Which payloads a subscription gets: a condition on their content, compiled once.</summary>
public sealed class SubscriptionFilter : IEquatable<SubscriptionFilter>
{
    /// <summary>The longest filter, in bytes of compact JSON.</summary>
    public const int MaxLength = 4 * 1024;

    private readonly Condition _condition;

    internal SubscriptionFilter(string json, Condition condition) => (Json, _condition) = (json, condition);

    /// <summary>The filter as compact JSON.</summary>
    public string Json { get; }

    /// <summary>Reads a filter that was stored.</summary>
    public static SubscriptionFilter Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return FilterParser.Parse(document.RootElement, out var error) ?? throw new InvalidDataException($"The filter {error}.");
    }

    /// <summary>Whether a payload matches.</summary>
    /// <param name="payload">The root of the payload.</param>
    public bool Matches(JsonElement payload) => Matches(payload, new FilterBudget());

    /// <summary>The same with the budget of an event, which all filters share. A filter that needs more accepts the event.</summary>
    public bool Matches(JsonElement payload, FilterBudget budget)
    {
        budget.Begin();
        try
        {
            return _condition.Matches(payload, budget);
        }
        catch (FilterBudgetException)
        {
            return true;
        }
    }

    /// <inheritdoc/>
    public bool Equals(SubscriptionFilter? other) => other is not null && Json == other.Json;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SubscriptionFilter);

    /// <inheritdoc/>
    public override int GetHashCode() => Json.GetHashCode(StringComparison.Ordinal);
}
