namespace EventSubscriptions.Storage;

/// <summary>Which page of a list is asked for.</summary>
/// <param name="List">The list; its tokens are good for no other.</param>
/// <param name="Size">How many items at most.</param>
/// <param name="After">The row key behind which the page begins, or null for the first page.</param>
public sealed record PageRequest(string List, int Size, string? After)
{
    /// <summary>The most items a page.</summary>
    public const int MaxSize = 1000;

    /// <summary>How many items a page has where the request doesn't say.</summary>
    public const int DefaultSize = 100;

    /// <summary>The answer, with the token for what comes after the row key that was looked at last; null ends the list.</summary>
    public ListPage<T> ToPage<T>(IReadOnlyList<T> items, string? last) =>
        new(items, last is null ? null : Storage.ContinuationToken.Encode(last, List));
}
