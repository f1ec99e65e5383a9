using System.Runtime.ExceptionServices;
using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Queues;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Replays;

/// <summary>Queues the deliveries of a replay at its rate.</summary>
public sealed class ReplaySender(
    [FromKeyedServices(QueueNames.Deliveries)] ServiceBusSender deliveries,
    ReplayOptions options,
    AppMetrics metrics,
    TimeProvider time
)
{
    private const int ParallelSends = 4;

    /// <summary>The most deliveries of one slice. A cancelled replay sends at most one slice more.</summary>
    private const int MaxSlice = 2_000;

    private static readonly TimeSpan s_slice = TimeSpan.FromSeconds(2);

    /// <summary>How many deliveries a slice has: those of two seconds.</summary>
    public int SliceSize => (int)Math.Clamp(options.RatePerSecond * s_slice.TotalSeconds, 1, MaxSlice);

    /// <summary>Queues a delivery for each event, spread over time. Returns when the next slice is due.</summary>
    public async Task<DateTimeOffset> SendAsync(Replay replay, IReadOnlyList<TableEntity> events, CancellationToken cancellationToken)
    {
        var start = time.GetUtcNow();
        using var sender = new BatchedSender<ReplaySender>(deliveries, ParallelSends);
        for (var i = 0; i < events.Count; i++)
        {
            var delivery = new DeliveryMessage
            {
                OrganizationId = replay.OrganizationId,
                SubscriptionId = replay.SubscriptionId,
                EventId = ReplayRow.EventId(events[i]),
                EventName = ReplayRow.EventName(events[i]),
                Run = replay.Id.ToRun(),
            }.ToServiceBusMessage();
            delivery.ScheduledEnqueueTime = start + DurationOf(i);
            await sender.AddAsync(this, delivery, cancellationToken);
        }

        foreach (var failure in (await sender.FinishAsync(cancellationToken)).Values)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        metrics.DeliveriesCreated("replay", events.Count);
        return start + DurationOf(events.Count);
    }

    private TimeSpan DurationOf(int count) => TimeSpan.FromSeconds((double)count / options.RatePerSecond);
}
