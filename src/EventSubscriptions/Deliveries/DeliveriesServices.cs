using System.Net;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Overview;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Deliveries.Statistics;
using EventSubscriptions.Deliveries.Throttling;
using EventSubscriptions.Options;
using EventSubscriptions.Subscriptions;
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
        // So that a receiver that changes its address is followed.
        services.AddWebhookClient(WebhookSender.ClientName, connectionLifetime: TimeSpan.FromMinutes(2));
        services.AddWebhookClient(WebhookSender.NewConnectionClientName, connectionLifetime: TimeSpan.Zero);
        return services.AddSingleton<WebhookConnector>().AddSingleton<WebhookSender>();
    }

    private static void AddWebhookClient(this IServiceCollection services, string name, TimeSpan connectionLifetime) =>
        services
            .AddHttpClient(name, client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(provider => CreateHandler(provider, connectionLifetime))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();

    private static DeliveryGate CreateGate(IServiceProvider services)
    {
        var gate = ActivatorUtilities.CreateInstance<DeliveryGate>(services);
        services.GetRequiredService<AppMetrics>().ObserveOpenBreakers(() => gate.OpenBreakers);
        return gate;
    }

    private static TimeSpan LongestDeadline(DeliveriesOptions options) =>
        options.Deadline > SubscriptionRules.MaxDeadline ? options.Deadline : SubscriptionRules.MaxDeadline;

    private static SocketsHttpHandler CreateHandler(IServiceProvider services, TimeSpan connectionLifetime) =>
        new()
        {
            // The token and the payload go to the URL of the subscription and nowhere else.
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectCallback = services.GetRequiredService<WebhookConnector>().ConnectAsync,
            PlaintextStreamFilter = ConnectionUse.Filter,
            // A connection attempt may outlive its request, but not by much.
            ConnectTimeout = LongestDeadline(services.GetRequiredService<DeliveriesOptions>()),
            PooledConnectionLifetime = connectionLifetime,
            EnableMultipleHttp2Connections = true,
            MaxResponseHeadersLength = 16,
            // The rest of a long response is not worth reading.
            MaxResponseDrainSize = 0,
            // The delivery's own trace context is sent.
            ActivityHeadersPropagator = null,
        };
}
