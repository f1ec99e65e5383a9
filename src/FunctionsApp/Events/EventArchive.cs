namespace EventSubscriptions.Events;

/// <summary>The table <c>eventarchive</c>: every payload by event id, encrypted.</summary>
public sealed class EventArchive
{
    /// <summary>The payload as it is sent, or null where it is no longer archived.</summary>
    public Task<ReadOnlyMemory<byte>?> GetAsync(OrganizationId organization, EventId id, CancellationToken cancellationToken) => throw new NotImplementedException();
}
