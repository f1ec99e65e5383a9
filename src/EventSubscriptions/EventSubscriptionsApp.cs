using EventSubscriptions.Access;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Destinations;
using EventSubscriptions.Events;
using EventSubscriptions.Health;
using EventSubscriptions.Http;
using EventSubscriptions.OpenApi;
using EventSubscriptions.Organizations;
using EventSubscriptions.Portal;
using EventSubscriptions.Queues;
using EventSubscriptions.Relay;
using EventSubscriptions.Replays;
using EventSubscriptions.Retention;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Telemetry;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting;

namespace EventSubscriptions;

/// <summary>The table of contents of the app: one line per capability.</summary>
public static class EventSubscriptionsApp
{
    /// <summary>
    /// Adds the app to a Functions worker, or to a host that runs functions like one. Call it after HTTP requests have been made visible to
    /// middleware.
    /// </summary>
    public static IFunctionsWorkerApplicationBuilder AddEventSubscriptions(this IFunctionsWorkerApplicationBuilder builder)
    {
        builder.UseMiddleware<TraceMiddleware>();
        builder.UseMiddleware<ExceptionMiddleware>();
        builder.UseMiddleware<AccessMiddleware>();
        builder
            .Services.AddSystemServices()
            .AddTelemetry()
            .AddSecrets()
            .AddStorage()
            .AddQueues()
            .AddDestinations()
            .AddOrganizations()
            .AddAccess()
            .AddAudit()
            .AddSubscriptions()
            .AddEvents()
            .AddDeliveries()
            .AddReplays()
            .AddRelay()
            .AddRetention()
            .AddHealth()
            .AddOpenApi()
            .AddPortal();
        return builder;
    }
}
