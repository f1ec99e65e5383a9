using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Options;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EventSubscriptions.Storage;

/// <summary>Where tables and queues are: each by a connection string, or by its address and the app's identity.</summary>
public sealed record AzureOptions
{
    /// <summary><c>Tables</c>. Wins over <see cref="TablesUri"/>.</summary>
    public string? Tables { get; init; }

    /// <summary><c>Tables__serviceUri</c>.</summary>
    public Uri? TablesUri { get; init; }

    /// <summary><c>ServiceBus</c>. Wins over <see cref="ServiceBusNamespace"/>.</summary>
    public string? ServiceBus { get; init; }

    /// <summary><c>ServiceBus__fullyQualifiedNamespace</c>.</summary>
    public string? ServiceBusNamespace { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static AzureOptions Read(OptionsReader reader)
    {
        var options = new AzureOptions
        {
            Tables = reader.Text("Tables"),
            TablesUri = Uri.TryCreate(reader.Text("Tables__serviceUri"), UriKind.Absolute, out var uri) ? uri : null,
            ServiceBus = reader.Text("ServiceBus"),
            ServiceBusNamespace = reader.Text("ServiceBus__fullyQualifiedNamespace"),
        };
        if (options is { Tables: null, TablesUri: null })
        {
            reader.Mistake("Tables", "(a connection string) or Tables__serviceUri (an absolute URI) is required");
        }

        if (options is { ServiceBus: null, ServiceBusNamespace: null })
        {
            reader.Mistake("ServiceBus", "(a connection string) or ServiceBus__fullyQualifiedNamespace is required");
        }

        return options;
    }
}

/// <summary>Registration of the clients.</summary>
public static class StorageServices
{
    /// <summary>Adds the clients of tables and queues, a sender for each queue under its name (<c>[FromKeyedServices("deliveries")]</c>), and the creation of the tables at start.</summary>
    public static IServiceCollection AddStorage(this IServiceCollection services)
    {
        services.AddSettings(AzureOptions.Read);
        services.TryAddSingleton<TokenCredential>(_ => new DefaultAzureCredential());
        services.TryAddSingleton(provider => provider.GetRequiredService<AzureOptions>() switch
        {
            { Tables: { } connection } => new TableServiceClient(connection),
            var options => new TableServiceClient(options.TablesUri!, provider.GetRequiredService<TokenCredential>()),
        });
        services.TryAddSingleton(provider => provider.GetRequiredService<AzureOptions>() switch
        {
            { ServiceBus: { } connection } => new ServiceBusClient(connection),
            var options => new ServiceBusClient(options.ServiceBusNamespace!, provider.GetRequiredService<TokenCredential>()),
        });
        services.AddSender(QueueNames.Events).AddSender(QueueNames.Deliveries).AddSender(QueueNames.Replays);
        services.AddHostedService<TableCreation>();
        return services;
    }

    private static IServiceCollection AddSender(this IServiceCollection services, string queue) =>
        services.AddKeyedSingleton(queue, (provider, _) => provider.GetRequiredService<ServiceBusClient>().CreateSender(queue));
}
