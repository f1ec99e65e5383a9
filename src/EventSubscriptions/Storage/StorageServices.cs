using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EventSubscriptions.Storage;

public static class StorageServices
{
    /// <summary>
    /// How long the client retries, so that callers learn of an outage while they still wait: by default it is seven minutes (4 tries of
    /// 100 s).
    /// </summary>
    internal static TableClientOptions TableOptions => new() { Retry = { NetworkTimeout = TimeSpan.FromSeconds(15) } };

    /// <summary>Adds the app's identity, the table client, and the creation of the tables at start.</summary>
    public static IServiceCollection AddStorage(this IServiceCollection services)
    {
        services.AddSettings(AzureOptions.Read);
        services.TryAddSingleton<TokenCredential>(_ => new DefaultAzureCredential());
        services.TryAddSingleton(provider =>
            provider.GetRequiredService<AzureOptions>() switch
            {
                { Tables: { } connection } => new TableServiceClient(connection, TableOptions),
                var options => new TableServiceClient(options.TablesUri!, provider.GetRequiredService<TokenCredential>(), TableOptions),
            }
        );
        services.AddSingleton<ShortRetry>();
        services.AddSingleton<SecretCanary>();
        services.AddSingleton<TableCreation>();
        services.AddHostedService(provider => provider.GetRequiredService<TableCreation>());
        return services;
    }
}
