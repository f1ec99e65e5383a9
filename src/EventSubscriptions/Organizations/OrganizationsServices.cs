using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Organizations;

public static class OrganizationsServices
{
    /// <summary>Adds the limits of an organization.</summary>
    public static IServiceCollection AddOrganizations(this IServiceCollection services) => services.AddSettings(LimitsOptions.Read);
}
