using System.Runtime.InteropServices;
using System.Text.Json;

namespace EventSubscriptions.Subscriptions.Filters;

/// <summary>
/// Bounds the work of filters on one event, so that no organization can stop the fan-out of others. A filter that needs more accepts the
/// event: rather one delivery too many than one too few.
/// </summary>
public sealed class FilterBudget
{
    /// <summary>The most comparisons that one filter makes.</summary>
    public const int MaxOfFilter = 100_000;

    /// <summary>The most comparisons that all filters make on one event.</summary>
    public const int MaxOfEvent = 1_000_000;

    private const int MembersOfComparison = 16;
    private const int BytesOfComparison = 32;

    private int _ofEvent = MaxOfEvent;
    private int _ofFilter;

    /// <summary>A filter begins.</summary>
    internal void Begin() => _ofFilter = MaxOfFilter;

    /// <summary>Takes comparisons before they are made.</summary>
    internal void Take(int comparisons)
    {
        if ((_ofFilter -= comparisons) < 0 || (_ofEvent -= comparisons) < 0)
        {
            throw new FilterBudgetException();
        }
    }

    /// <summary>Takes what looking at a value costs.</summary>
    internal void TakeFor(JsonElement value) =>
        Take(
            value.ValueKind switch
            {
                JsonValueKind.Object => 1 + (value.GetPropertyCount() / MembersOfComparison),
                JsonValueKind.String => 1 + (JsonMarshal.GetRawUtf8Value(value).Length / BytesOfComparison),
                _ => 1,
            }
        );
}

/// <summary>A filter needs more comparisons than it may make.</summary>
internal sealed class FilterBudgetException : Exception;
