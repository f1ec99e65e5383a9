namespace EventSubscriptions.Storage;

/// <summary>Which page of a list is requested.</summary>
/// <param name="List">The list. Its tokens are valid for no other.</param>
/// <param name="Size">The most items to return.</param>
/// <param name="After">The row key after which the page starts, or null for the first page.</param>
public sealed record PageRequest(string List, int Size, string? After)
{
    /// <summary>The most items on a page.</summary>
    public const int MaxSize = 1000;

    /// <summary>How many items a page has by default.</summary>
    public const int DefaultSize = 100;

    /// <summary>The page, with the token for what follows the row key that was read last; null ends the list.</summary>
    public ListPage<T> ToPage<T>(IReadOnlyList<T> items, string? last) =>
        new(items, last is null ? null : Storage.ContinuationToken.Encode(last, List));

    /// <summary>The page that a token requests.</summary>
    public PageRequest Following(string token) =>
        Storage.ContinuationToken.TryDecode(token, List, out var after)
            ? this with
            {
                After = after,
            }
            : throw new ArgumentException("It is not a token of this list.", nameof(token));
}
