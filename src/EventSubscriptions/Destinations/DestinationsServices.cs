using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Destinations;

public static class DestinationsServices
{
    /// <summary>Adds the rules for URLs and addresses, and name resolution.</summary>
    public static IServiceCollection AddDestinations(this IServiceCollection services) =>
        services.AddSettings(DestinationOptions.Read).AddSingleton<DestinationGuard>().AddSingleton<NameResolver>();
}
