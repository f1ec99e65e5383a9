using System.Text.Json.Serialization;

namespace EventSubscriptions.Storage;

/// <summary>One page of a list.</summary>
/// <param name="Items">May be fewer than requested, even none, while a token remains.</param>
/// <param name="ContinuationToken">Requests the next page; null at the end.</param>
public sealed record ListPage<T>(
    IReadOnlyList<T> Items,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? ContinuationToken
);
