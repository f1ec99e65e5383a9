using EventSubscriptions.Http;

namespace EventSubscriptions.Events.Archive;

/// <summary>An archived event in a list.</summary>
/// <param name="Id">Its id.</param>
/// <param name="EventName">Its name.</param>
/// <param name="Source">How it was published; absent if version 0.1 archived it.</param>
/// <param name="PublishedAt">When it reached its queue.</param>
internal sealed record EventSummary(string Id, string EventName, EventSource? Source, DateTimeOffset PublishedAt);

/// <summary>Which events to list.</summary>
internal sealed record EventFilter(TimeRange Times, string? EventName, EventSource? Source)
{
    /// <summary>The event, or null if it is not one of them.</summary>
    public EventSummary? Accepts(EventSummary item) =>
        (EventName is null || item.EventName == EventName) && (Source is null || item.Source == Source) ? item : null;
}
