using System.Text.Json;

namespace EventSubscriptions.Subscriptions.Filters;

/// <summary>A condition on a payload.</summary>
internal abstract class Condition
{
    public abstract bool Matches(JsonElement payload);
}

internal sealed class AllOf(IReadOnlyList<Condition> conditions) : Condition
{
    public override bool Matches(JsonElement payload)
    {
        foreach (var condition in conditions)
        {
            if (!condition.Matches(payload))
            {
                return false;
            }
        }

        return true;
    }
}

internal sealed class AnyOf(IReadOnlyList<Condition> conditions) : Condition
{
    public override bool Matches(JsonElement payload)
    {
        foreach (var condition in conditions)
        {
            if (condition.Matches(payload))
            {
                return true;
            }
        }

        return false;
    }
}

internal sealed class Not(Condition condition) : Condition
{
    public override bool Matches(JsonElement payload) => !condition.Matches(payload);
}

/// <summary>A condition on the value at a path. If arrays are on the way or at its end, any of their elements may meet it.</summary>
internal sealed class AtPath(IReadOnlyList<string> path, Func<JsonElement, bool> test) : Condition
{
    public override bool Matches(JsonElement payload) => Matches(payload, 0);

    private bool Matches(JsonElement value, int depth)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var element in value.EnumerateArray())
            {
                if (Matches(element, depth))
                {
                    return true;
                }
            }

            return false;
        }

        return depth == path.Count ? test(value) : SafeJson.MemberOf(value, path[depth]) is { } member && Matches(member, depth + 1);
    }
}

/// <summary>Whether there is a value at a path, whatever it is: null and an empty array are values.</summary>
internal sealed class Exists(IReadOnlyList<string> path) : Condition
{
    public override bool Matches(JsonElement payload) => Matches(payload, 0);

    private bool Matches(JsonElement value, int depth)
    {
        if (depth == path.Count)
        {
            return true;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            return SafeJson.MemberOf(value, path[depth]) is { } member && Matches(member, depth + 1);
        }

        foreach (var element in value.EnumerateArray())
        {
            if (Matches(element, depth))
            {
                return true;
            }
        }

        return false;
    }
}
