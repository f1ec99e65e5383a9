using System.Text.Json.Serialization;

namespace EventSubscriptions.Storage;

/// <summary>One page of a list.</summary>
/// <param name="Items">They may be fewer than were asked for, even none, while a token remains.</param>
/// <param name="ContinuationToken">What to ask for the next page with, or null at the end.</param>
public sealed record ListPage<T>(
    IReadOnlyList<T> Items,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? ContinuationToken);
