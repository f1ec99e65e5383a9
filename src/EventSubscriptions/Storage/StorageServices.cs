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
    /// <summary>
    /// How long the clients try, so that callers learn of an outage while they still wait: the Service Bus client would take five minutes by default
    /// (4 tries of 60 s), the tables' client seven (4 of 100 s).
    /// </summary>
    internal static ServiceBusClientOptions BusOptions => new()
    {
        RetryOptions = { TryTimeout = TimeSpan.FromSeconds(10), MaxRetries = 2, MaxDelay = TimeSpan.FromSeconds(2) },
    };

    /// <inheritdoc cref="BusOptions"/>
    internal static TableClientOptions TableOptions => new() { Retry = { NetworkTimeout = TimeSpan.FromSeconds(15) } };

    /// <summary>Adds the clients of tables and queues, a sender for each queue under its name (<c>[FromKeyedServices("deliveries")]</c>), and the creation of the tables at start.</summary>
    public static IServiceCollection AddStorage(this IServiceCollection services)
    {
        services.AddSettings(AzureOptions.Read);
        services.TryAddSingleton<TokenCredential>(_ => new DefaultAzureCredential());
        services.TryAddSingleton(provider => provider.GetRequiredService<AzureOptions>() switch
        {
            { Tables: { } connection } => new TableServiceClient(connection, TableOptions),
            var options => new TableServiceClient(options.TablesUri!, provider.GetRequiredService<TokenCredential>(), TableOptions),
        });
        services.TryAddSingleton(provider => provider.GetRequiredService<AzureOptions>() switch
        {
            { ServiceBus: { } connection } => new ServiceBusClient(connection, BusOptions),
            var options => new ServiceBusClient(options.ServiceBusNamespace!, provider.GetRequiredService<TokenCredential>(), BusOptions),
        });
        services.AddSender(QueueNames.Events).AddSender(QueueNames.FanOut).AddSender(QueueNames.Deliveries).AddSender(QueueNames.Replays);
        services.AddSingleton<TableCreation>();
        services.AddHostedService(provider => provider.GetRequiredService<TableCreation>());
        return services;
    }

    private static IServiceCollection AddSender(this IServiceCollection services, string queue) =>
        services.AddKeyedSingleton<ServiceBusSender>(queue, (provider, _) =>
            new TimedSender(provider.GetRequiredService<ServiceBusClient>().CreateSender(queue), provider.GetRequiredService<TimeProvider>()));
}
