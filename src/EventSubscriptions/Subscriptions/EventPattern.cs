using EventSubscriptions.Events;
using EventSubscriptions.Events.Catalogue;

namespace EventSubscriptions.Subscriptions;

/// <summary>
/// What a subscription selects events by: a name; <c>*</c> for all events; <c>Case*</c> for names that start with <c>Case</c>; or
/// <c>category:Case</c> for the event types of a category. Patterns cover event types that are added later, but no operational events: only
/// their names match those.
/// </summary>
internal static class EventPattern
{
    /// <summary>The pattern that matches every event, known or not.</summary>
    public const string EveryEvent = "*";

    private const string NoMatch = "matches no event type";

    private const string CategoryPrefix = "category:";

    /// <summary>Whether the text is a pattern rather than a name.</summary>
    public static bool IsPattern(string text) => text.EndsWith('*') || text.StartsWith(CategoryPrefix, StringComparison.Ordinal);

    /// <summary>Whether a name or pattern matches an event.</summary>
    /// <param name="category">The category of the event, or null if its type is not known.</param>
    public static bool Matches(string pattern, string eventName, string? category) =>
        IsPattern(pattern) ? MatchesPattern(pattern, eventName, category) && !OperationalEvents.Contains(eventName) : pattern == eventName;

    /// <summary>Whether any of the names and patterns matches an event.</summary>
    public static bool MatchesAny(IReadOnlyList<string> patterns, string eventName, EventCatalogue catalogue)
    {
        var category = catalogue.CategoryOf(eventName);
        return patterns.Any(pattern => Matches(pattern, eventName, category));
    }

    /// <summary>The error of a pattern that matches no event type, as the rest of a sentence; null if it matches one.</summary>
    public static string? Check(string pattern, EventCatalogue catalogue) =>
        catalogue.All.Any(type => Matches(pattern, type.Name.ToString(), type.Category)) ? null
        : catalogue.All.Any(type => MatchesPattern(pattern, type.Name.ToString(), type.Category))
            ? $"{NoMatch}: patterns don't match operational events, which must be named"
        : $"{NoMatch}; GET /api/event-types lists their names and categories";

    private static bool MatchesPattern(string pattern, string eventName, string? category) =>
        pattern.EndsWith('*')
            ? eventName.StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal)
            : category is not null && pattern.AsSpan(CategoryPrefix.Length).SequenceEqual(category);
}
