using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Audit;

/// <summary>Registration of this folder.</summary>
public static class AuditServices
{
    /// <summary>Adds the audit log and what deals with dead letters.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services) =>
        services.AddSingleton<AuditLog>().AddSingleton<DeadLetterDesk>();
}
