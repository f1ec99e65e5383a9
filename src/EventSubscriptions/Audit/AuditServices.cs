using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Audit;

public static class AuditServices
{
    /// <summary>Adds the audit log.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services) => services.AddSingleton<AuditLog>();
}
