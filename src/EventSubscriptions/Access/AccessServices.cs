using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Access;

public static class AccessServices
{
    /// <summary>Adds API keys and their checks.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services) =>
        services.AddSettings(AccessOptions.Read).AddSingleton<KeyMark>().AddSingleton<ApiKeyStore>().AddSingleton<Authenticator>();
}
