using System.Diagnostics;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Events.Publishing;

/// <summary>Sends events to the queue <c>events</c>.</summary>
public sealed partial class EventPublisher(
    [FromKeyedServices(QueueNames.Events)] ServiceBusSender sender,
    AppTracing tracing,
    TimeProvider time,
    ILogger<EventPublisher> logger
)
{
    private readonly Outage _outage = new(time);

    /// <summary>
    /// Sends events in order. Returns false if some may not be on the queue: repeating with the same ids is safe, because the archive and
    /// duplicate detection recognize them.
    /// </summary>
    public async Task<bool> TryPublishAsync(
        IReadOnlyList<PublishedEvent> published,
        EventSource source,
        CancellationToken cancellationToken
    )
    {
        using var activity = tracing.StartInside("publish", ActivityKind.Producer);
        var organizations = published.Select(item => item.Organization).Distinct().ToList();
        activity?.SetTag(TraceTags.Organization, organizations is [var only] ? only.Value : null).SetTag(TraceTags.Count, published.Count);
        var traceParent = AppTracing.CurrentTraceParent;
        using var batches = new BatchedSender<EventPublisher>(sender, parallelism: 1);
        foreach (var item in published)
        {
            await batches.AddAsync(
                this,
                EventMessage.Create(item.Organization, item.Id, item.Payload, source, traceParent),
                cancellationToken
            );
        }

        var failures = await batches.FinishAsync(cancellationToken);
        if (failures.TryGetValue(this, out var failure))
        {
            activity?.SetStatus(ActivityStatusCode.Error);
            var level = _outage.NextLevel();
            Log.NotPublished(logger, level, failure, published.Count, published[0].Organization);
        }

        return failure is null;
    }

    private static partial class Log
    {
        [LoggerMessage("Could not queue all {Count} events; the first belongs to organization {OrganizationId}.")]
        public static partial void NotPublished(
            ILogger logger,
            LogLevel level,
            Exception exception,
            int count,
            OrganizationId organizationId
        );
    }
}
