using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EventSubscriptions;

/// <summary>The system's clock and randomness. Everything else gets them injected.</summary>
internal static class SystemServices
{
    /// <summary>Adds <see cref="TimeProvider"/> and a thread-safe <see cref="Random"/>, unless a test has added its own.</summary>
    public static IServiceCollection AddSystemServices(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
#pragma warning disable RS0030 // This is where it is injected from.
        services.TryAddSingleton(Random.Shared);
#pragma warning restore RS0030
        return services;
    }
}
