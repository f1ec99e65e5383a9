using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Overview;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Deliveries.Statistics;
using EventSubscriptions.Deliveries.Throttling;
using EventSubscriptions.Options;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Deliveries;

public static class DeliveriesServices
{
    /// <summary>Adds deliveries: sending, throttling, the log and the health of subscriptions.</summary>
    public static IServiceCollection AddDeliveries(this IServiceCollection services) =>
        services
            .AddSettings(DeliveriesOptions.Read)
            .AddSingleton(provider => new RetrySchedule(provider.GetRequiredService<DeliveriesOptions>().RetrySchedule))
            .AddSingleton<DeliveryLog>()
            .AddSingleton<DeliveryRecorder>()
            .AddSingleton<StatisticsStore>()
            .AddSingleton<StatisticsMerge>()
            .AddSingleton<OrganizationList>()
            .AddSingleton<DeliveryStatistics>()
            .AddHostedService(provider => provider.GetRequiredService<DeliveryStatistics>())
            .AddSingleton(CreateGate)
            .AddSingleton<HealthEntries>()
            .AddSingleton<HealthReporter>()
            .AddSingleton<HealthTracker>()
            .AddSingleton<DeadLetterReports>()
            .AddHostedService<HealthWatch>()
            .AddSingleton<DroppedDeliveries>()
            .AddSingleton<AttemptSender>()
            .AddSingleton<DeliveryScheduler>()
            .AddSingleton<DeliveryProcessor>()
            .AddSingleton<DeliveryTest>()
            .AddSingleton<TestSlots>()
            .AddWebhookSender();

    /// <summary>Adds the sender and its HTTP clients.</summary>
    internal static IServiceCollection AddWebhookSender(this IServiceCollection services)
    {
        services.AddWebhookClient(WebhookClients.ClientName, WebhookClients.ConnectionLifetime);
        services.AddWebhookClient(WebhookClients.NewConnectionClientName, connectionLifetime: TimeSpan.Zero);
        return services
            .AddSingleton<WebhookConnector>()
            .AddSingleton<WebhookHandlers>()
            .AddSingleton(provider => new WebhookClients(
                provider.GetRequiredService<IHttpClientFactory>(),
                provider.GetRequiredService<WebhookHandlers>(),
                provider.GetRequiredService<TimeProvider>()
            ))
            .AddSingleton<TokenEndpoint>()
            .AddSingleton<ManagedIdentityCredentials>()
            .AddSingleton<ManagedIdentityTokens>()
            .AddSingleton(provider => new AccessTokens(
                provider.GetRequiredService<TokenEndpoint>(),
                provider.GetRequiredService<ManagedIdentityTokens>(),
                provider.GetRequiredService<DeliveriesOptions>(),
                provider.GetRequiredService<TimeProvider>()
            ))
            .AddSingleton<WebhookSender>();
    }

    private static void AddWebhookClient(this IServiceCollection services, string name, TimeSpan connectionLifetime) =>
        services
            .AddHttpClient(name, client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(provider => provider.GetRequiredService<WebhookHandlers>().Create(connectionLifetime))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();

    private static DeliveryGate CreateGate(IServiceProvider services)
    {
        var gate = ActivatorUtilities.CreateInstance<DeliveryGate>(services);
        services.GetRequiredService<AppMetrics>().ObserveOpenBreakers(() => gate.OpenBreakers);
        return gate;
    }
}
