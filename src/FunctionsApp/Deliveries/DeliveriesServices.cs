using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Deliveries;

/// <summary>Registers what delivers.</summary>
public static class DeliveriesServices
{
    /// <summary>Adds the functions' collaborators and the options of this folder.</summary>
    public static IServiceCollection AddDeliveries(this IServiceCollection services, IConfiguration configuration) =>
        services
            .AddSingleton(new DeliveriesOptions { AllowInsecureDestinations = configuration.GetValue<bool>("Deliveries:AllowInsecureDestinations") })
            .AddSingleton<DestinationGuard>();
}
