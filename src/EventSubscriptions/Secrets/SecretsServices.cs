using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Secrets;

public static class SecretsServices
{
    /// <summary>Adds encryption at rest.</summary>
    public static IServiceCollection AddSecrets(this IServiceCollection services) =>
        services.AddSettings(SecretOptions.Read).AddSingleton<SecretProtector>();
}
