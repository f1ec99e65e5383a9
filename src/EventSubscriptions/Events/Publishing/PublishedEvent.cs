using EventSubscriptions.Organizations;

namespace EventSubscriptions.Events.Publishing;

/// <summary>An event that is ready to be queued.</summary>
/// <param name="Organization">The organization that it belongs to.</param>
/// <param name="Id">Its id.</param>
/// <param name="Payload">The bytes that are sent.</param>
public sealed record PublishedEvent(OrganizationId Organization, EventId Id, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Whether the caller chose the id, so that it may belong to a different event.</summary>
    public bool HasCallersId { get; init; }
}
