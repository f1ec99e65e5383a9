using System.Text.Json;

namespace EventSubscriptions.Subscriptions.Filters;

/// <summary>A condition on a payload.</summary>
internal abstract class Condition
{
    public abstract bool Matches(JsonElement payload, FilterBudget budget);
}

internal sealed class AllOf(IReadOnlyList<Condition> conditions) : Condition
{
    public override bool Matches(JsonElement payload, FilterBudget budget)
    {
        foreach (var condition in conditions)
        {
            if (!condition.Matches(payload, budget))
            {
                return false;
            }
        }

        return true;
    }
}

internal sealed class AnyOf(IReadOnlyList<Condition> conditions) : Condition
{
    public override bool Matches(JsonElement payload, FilterBudget budget)
    {
        foreach (var condition in conditions)
        {
            if (condition.Matches(payload, budget))
            {
                return true;
            }
        }

        return false;
    }
}

internal sealed class Not(Condition condition) : Condition
{
    public override bool Matches(JsonElement payload, FilterBudget budget) => !condition.Matches(payload, budget);
}

/// <summary>A condition on the value at a path. If arrays are on the way or at its end, any of their elements may meet it.</summary>
/// <param name="path">The names on the way.</param>
/// <param name="test">The condition on a value.</param>
/// <param name="comparisons">How many it makes beside the first.</param>
internal sealed class AtPath(IReadOnlyList<string> path, Func<JsonElement, bool> test, int comparisons = 0) : Condition
{
    public override bool Matches(JsonElement payload, FilterBudget budget) => Matches(payload, 0, budget);

    private bool Matches(JsonElement value, int depth, FilterBudget budget)
    {
        budget.TakeFor(value);
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var element in value.EnumerateArray())
            {
                if (Matches(element, depth, budget))
                {
                    return true;
                }
            }

            return false;
        }

        if (depth == path.Count)
        {
            budget.Take(comparisons);
            return test(value);
        }

        return SafeJson.MemberOf(value, path[depth]) is { } member && Matches(member, depth + 1, budget);
    }
}

/// <summary>Whether there is a value at a path, whatever it is: null and an empty array are values.</summary>
internal sealed class Exists(IReadOnlyList<string> path) : Condition
{
    public override bool Matches(JsonElement payload, FilterBudget budget) => Matches(payload, 0, budget);

    private bool Matches(JsonElement value, int depth, FilterBudget budget)
    {
        budget.TakeFor(value);
        if (depth == path.Count)
        {
            return true;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            return SafeJson.MemberOf(value, path[depth]) is { } member && Matches(member, depth + 1, budget);
        }

        foreach (var element in value.EnumerateArray())
        {
            if (Matches(element, depth, budget))
            {
                return true;
            }
        }

        return false;
    }
}
