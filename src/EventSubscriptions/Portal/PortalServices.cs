using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Portal;

public static class PortalServices
{
    /// <summary>Adds the portal's files.</summary>
    public static IServiceCollection AddPortal(this IServiceCollection services) => services.AddSingleton<PortalFiles>();
}
