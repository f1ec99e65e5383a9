using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Access;

/// <summary>Registration of this folder.</summary>
public static class AccessServices
{
    /// <summary>Adds the keys that callers have, and those that protect what is stored.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services) =>
        services
            .AddSettings(AccessOptions.Read)
            .AddSettings(SecretOptions.Read)
            .AddSingleton<SecretProtector>()
            .AddSingleton<KeyMark>()
            .AddSingleton<SecretCanary>()
            .AddSingleton<ApiKeyStore>()
            .AddSingleton<Authenticator>();
}
