using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Deliveries;

/// <summary>Schedules the message that continues a delivery.</summary>
public sealed partial class DeliveryScheduler(
    [FromKeyedServices(QueueNames.Deliveries)] ServiceBusSender queue,
    ShortRetry shortRetry,
    AppMetrics metrics,
    ILogger<DeliveryScheduler> logger
)
{
    /// <summary>Postpones an attempt because the receiver must not be sent anything now.</summary>
    public async Task PostponeAsync(DeliveryMessage delivery, DateTimeOffset until, CancellationToken cancellationToken)
    {
        await queue.ScheduleMessageAsync(delivery.ToPostponed(until), until, cancellationToken);
        metrics.MessagePostponed(QueueNames.Deliveries, AppMetrics.Throttled);
        Log.Postponed(logger, delivery, until, delivery.Postponements + 1);
    }

    /// <summary>Schedules the attempt that follows a failed one. The POST was sent, so a short outage is retried here.</summary>
    public Task ScheduleNextAttemptAsync(
        DeliveryMessage delivery,
        DateTimeOffset at,
        DateTimeOffset sentAt,
        CancellationToken cancellationToken
    )
    {
        var next = delivery with
        {
            Attempt = delivery.Attempt + 1,
            Postponements = 0,
            Payload = default,
            FirstAttemptAt = delivery.FirstAttemptAt ?? sentAt,
        };
        return shortRetry.ExecuteAsync(token => queue.ScheduleMessageAsync(next.ToServiceBusMessage(), at, token), cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Debug,
            "Postponed the {Delivery} until {Until:O} (postponement {Count}): its receiver is throttled or unreachable."
        )]
        public static partial void Postponed(ILogger logger, DeliveryMessage delivery, DateTimeOffset until, int count);
    }
}
