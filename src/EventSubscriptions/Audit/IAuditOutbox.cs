using EventSubscriptions.Organizations;

namespace EventSubscriptions.Audit;

/// <summary>
/// Audit entries that were stored in one transaction with the change they describe, and have not reached the audit log yet.
/// </summary>
public interface IAuditOutbox
{
    /// <summary>Moves an organization's entries to the audit log. Called before the log is read, so that it shows every change.</summary>
    Task DrainAsync(OrganizationId organization, CancellationToken cancellationToken);
}
