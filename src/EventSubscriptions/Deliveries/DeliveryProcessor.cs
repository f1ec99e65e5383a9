using System.Globalization;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Deliveries.Throttling;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using EventId = EventSubscriptions.Events.EventId;

namespace EventSubscriptions.Deliveries;

/// <summary>
/// Makes one attempt at a delivery and everything that must be stored before its message is settled. Whatever it throws is our own
/// trouble, never the receiver's, and its message must come back.
/// </summary>
/// <remarks>
/// A process may die anywhere. Up to the POST nothing has happened. From the POST on, the message comes back with its lock's end and the
/// POST is repeated under the same <c>webhook-id</c>: before the log row, with nothing left behind; before the copy, with a second row
/// and audit entry; before the settlement, with a second copy that the queue drops, since its id is the first one's.
/// </remarks>
public sealed partial class DeliveryProcessor(
    SubscriptionCache subscriptions,
    DeliveryGate gate,
    EventArchive archive,
    WebhookSender sender,
    DeliveryRecorder recorder,
    HealthTracker health,
    DroppedDeliveries dropped,
    RetrySchedule schedule,
    ShortRetry shortRetry,
    [FromKeyedServices(QueueNames.Deliveries)] ServiceBusSender queue,
    AppMetrics metrics,
    AppTracing tracing,
    TimeProvider time,
    Random random,
    ILogger<DeliveryProcessor> logger)
{
    /// <summary>Returns how the message is to be settled.</summary>
    /// <param name="delivery">What the message says.</param>
    /// <param name="body">The payload, or nothing where it is in the archive.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task<Settlement> ProcessAsync(DeliveryMessage delivery, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        if (await FindAsync(delivery, cancellationToken) is not { } subscription)
        {
            await dropped.CountAsync(delivery, cancellationToken);
            return Settlement.Complete;
        }

        if (!subscription.IsActive)
        {
            await recorder.RecordSkippedAsync(delivery, time.GetUtcNow(), cancellationToken);
            metrics.Attempted(DeliveryOutcome.Skipped, errorKind: null, duration: null);
            return Settlement.Complete;
        }

        var admission = await gate.EnterAsync(subscription, delivery.Hold, cancellationToken);
        if (admission.Pass is not { } entered)
        {
            var held = delivery with { Hold = delivery.Hold + 1 };
            await Task.WhenAll(
                queue.ScheduleMessageAsync(held.ToServiceBusMessage(payload: default), admission.HoldUntil, cancellationToken),
                recorder.RecordPostponedAsync(delivery, admission.HoldUntil, cancellationToken));
            metrics.MessageHeld(QueueNames.Deliveries, AppMetrics.HeldForReceiver);
            Log.Held(logger, delivery.EventId, delivery.SubscriptionId, delivery.Attempt, held.Hold, admission.HoldUntil);
            return Settlement.Complete;
        }

        using var pass = entered;
        if (body.IsEmpty)
        {
            if (await archive.GetAsync(delivery.OrganizationId, delivery.EventId, cancellationToken) is not { } archived)
            {
                await recorder.RecordDroppedAsync(delivery, cancellationToken);
                return Settlement.DeadLetter(
                    DeliveryDeadLetterReason.PayloadExpired,
                    string.Create(CultureInfo.InvariantCulture, $"The payload is no longer archived; attempt {delivery.Attempt} was not made."));
            }

            body = archived;
        }

        using var activity = AttemptActivity.Start(tracing, delivery);
        var result = await sender.SendAsync(subscription, delivery.EventId, body, activity?.Id ?? delivery.TraceParent, cancellationToken);
        var decision = ResponsePolicy.Decide(result, delivery.Attempt, schedule, time.GetUtcNow(), random);
        var isOutdated = decision is DeliveryDecision.Gone gone && !await health.TryDeactivateGoneAsync(subscription, gone, result.At, cancellationToken);
        if (isOutdated)
        {
            decision = ResponsePolicy.DecideAnew((DeliveryDecision.Gone)decision, delivery.Attempt, schedule, time.GetUtcNow());
        }

        AttemptActivity.End(activity, result, decision);
        Measure(delivery, result, decision);
        await Task.WhenAll(
            gate.LeaveAsync(pass, subscription, result, decision.RestUntil, cancellationToken),
            isOutdated || decision is DeliveryDecision.Gone ? Task.CompletedTask : health.NoteAsync(subscription, decision, result.At, cancellationToken),
            recorder.RecordAsync(subscription, delivery, result, decision, cancellationToken));
        switch (decision)
        {
            case DeliveryDecision.Retry retry:
                await ScheduleAsync(delivery with { NeedsStored = isOutdated }, retry.At, result.At, cancellationToken);
                return Settlement.Complete;
            case DeliveryDecision.DeadLetter given:
                return Settlement.DeadLetter(given.Reason, given.Description);
            default:
                return Settlement.Complete;
        }
    }

    /// <summary>The subscription, which may be 5 s old while it is active. No message is completed because of one that is out of date.</summary>
    private async ValueTask<Subscription?> FindAsync(DeliveryMessage delivery, CancellationToken cancellationToken) =>
        !delivery.NeedsStored && await subscriptions.GetAsync(delivery.OrganizationId, delivery.SubscriptionId, cancellationToken) is { IsActive: true } active
            ? active
            : await subscriptions.ReadAsync(delivery.OrganizationId, delivery.SubscriptionId, cancellationToken);

    private void Measure(DeliveryMessage delivery, DeliveryResult result, DeliveryDecision decision)
    {
        metrics.Attempted(decision.Outcome, decision.Error?.Kind, result.Duration);
        if (decision is DeliveryDecision.Delivered && delivery.PublishedAt is { } published)
        {
            metrics.Delivered(result.At + result.Duration - published);
        }
    }

    private Task ScheduleAsync(DeliveryMessage delivery, DateTimeOffset at, DateTimeOffset sentAt, CancellationToken cancellationToken)
    {
        var next = delivery with { Attempt = delivery.Attempt + 1, Hold = 0, FirstAttemptAt = delivery.FirstAttemptAt ?? sentAt };
        return shortRetry.TryAsync(token => queue.ScheduleMessageAsync(next.ToServiceBusMessage(payload: default), at, token), cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "The delivery of event {EventId} to subscription {SubscriptionId}, attempt {Attempt}, is held until {Until:O}; hold {Hold}.")]
        public static partial void Held(ILogger logger, EventId eventId, SubscriptionId subscriptionId, int attempt, int hold, DateTimeOffset until);
    }
}

/// <summary>How a message is settled.</summary>
/// <param name="Reason">Why it is dead-lettered, or null to complete it.</param>
/// <param name="Description">The same for people.</param>
public readonly record struct Settlement(string? Reason, string? Description)
{
    /// <summary>There is nothing left to do.</summary>
    public static Settlement Complete => default;

    /// <summary>The delivery is given up.</summary>
    public static Settlement DeadLetter(string reason, string description) => new(reason, description);
}
