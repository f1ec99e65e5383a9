namespace EventSubscriptions.Audit;

/// <summary>The table <c>auditlog</c>.</summary>
public sealed class AuditLog
{
    /// <summary>Returns once the entry is stored.</summary>
    public Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken) => throw new NotImplementedException();
}
