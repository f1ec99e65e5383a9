using EventSubscriptions.Events;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>What a request says about an event: the same for all of its attempts, resends and replays.</summary>
/// <param name="PublishedAt">When it was first accepted.</param>
public readonly record struct EventContent(
    OrganizationId Organization,
    EventId Id,
    EventName Name,
    DateTimeOffset PublishedAt,
    ReadOnlyMemory<byte> Payload
);
