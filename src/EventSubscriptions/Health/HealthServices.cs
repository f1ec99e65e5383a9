using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Health;

public static class HealthServices
{
    /// <summary>Adds the checks behind <c>GET /api/health</c>.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services) => services.AddSingleton<HealthChecks>();
}
