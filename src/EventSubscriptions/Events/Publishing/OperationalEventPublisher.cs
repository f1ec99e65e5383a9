using Azure.Messaging.ServiceBus;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Events.Publishing;

/// <summary>
/// Sends operational events to the queue <c>fanout</c>, because nobody else may send to it. It drops a repeated id for an hour; later ones
/// are recognized by the archive.
/// </summary>
public sealed partial class OperationalEventPublisher(
    [FromKeyedServices(QueueNames.FanOut)] ServiceBusSender sender,
    TimeProvider time,
    ILogger<OperationalEventPublisher> logger
) : IOperationalEventPublisher
{
    private readonly Outage _outage = new(time);

    /// <inheritdoc/>
    public async Task<bool> TryPublishAsync(IReadOnlyList<OperationalEvent> events, CancellationToken cancellationToken)
    {
        var traceParent = AppTracing.CurrentTraceParent;
        using var batches = new BatchedSender<OperationalEventPublisher>(sender, parallelism: 1);
        foreach (var item in events)
        {
            await batches.AddAsync(this, EventMessage.CreateOperational(item, time.GetUtcNow(), traceParent), cancellationToken);
        }

        if (!(await batches.FinishAsync(cancellationToken)).TryGetValue(this, out var failure))
        {
            return true;
        }

        var level = _outage.NextLevel();
        Log.NotPublished(logger, level, failure, events.Count, events[0].Organization);
        return false;
    }

    private static partial class Log
    {
        [LoggerMessage("Could not queue all {Count} operational events of organization {OrganizationId}; they are published later.")]
        public static partial void NotPublished(
            ILogger logger,
            LogLevel level,
            Exception exception,
            int count,
            OrganizationId organizationId
        );
    }
}
