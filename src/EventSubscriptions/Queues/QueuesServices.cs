using Azure.Core;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EventSubscriptions.Queues;

public static class QueuesServices
{
    /// <summary>
    /// How long the client tries, so that callers learn of an outage while they still wait: by default it takes five minutes (4 tries of 60
    /// s).
    /// </summary>
    internal static ServiceBusClientOptions ServiceBusOptions =>
        new()
        {
            RetryOptions =
            {
                TryTimeout = TimeSpan.FromSeconds(10),
                MaxRetries = 2,
                MaxDelay = TimeSpan.FromSeconds(2),
            },
        };

    /// <summary>
    /// Adds the Service Bus client, a sender for each queue under its name (<c>[FromKeyedServices("deliveries")]</c>), and the handling of
    /// dead letters.
    /// </summary>
    public static IServiceCollection AddQueues(this IServiceCollection services)
    {
        services.TryAddSingleton(provider =>
            provider.GetRequiredService<AzureOptions>() switch
            {
                { ServiceBus: { } connection } => new ServiceBusClient(connection, ServiceBusOptions),
                var options => new ServiceBusClient(
                    options.ServiceBusNamespace!,
                    provider.GetRequiredService<TokenCredential>(),
                    ServiceBusOptions
                ),
            }
        );
        services.AddSender(QueueNames.Events).AddSender(QueueNames.FanOut).AddSender(QueueNames.Deliveries).AddSender(QueueNames.Replays);
        services.AddSingleton<QueueWorker>();
        services.AddSingleton<DeadLetterHandler>();
        return services;
    }

    private static IServiceCollection AddSender(this IServiceCollection services, string queue) =>
        services.AddKeyedSingleton<ServiceBusSender>(
            queue,
            (provider, _) =>
                new TimedSender(
                    provider.GetRequiredService<ServiceBusClient>().CreateSender(queue),
                    provider.GetRequiredService<TimeProvider>()
                )
        );
}
