using System.Globalization;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Deliveries.Throttling;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Queues;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries;

/// <summary>
/// Makes one attempt at a delivery and stores everything that must be stored before its message is settled. Exceptions mean a fault on our
/// side, never the receiver's; the message must be redelivered.
/// </summary>
/// <remarks>
/// The process may die anywhere. Before the POST, nothing has happened. After it, the message is redelivered when its lock ends, and the
/// POST is repeated with the same <c>webhook-id</c>:
/// 1. before the log row is stored: nothing else is repeated;
/// 2. before the next attempt is scheduled: with a second log row and audit entry;
/// 3. before the message is settled: with a second scheduled message, which duplicate detection drops.
/// </remarks>
public sealed class DeliveryProcessor(
    SubscriptionCache subscriptions,
    DeliveryGate gate,
    EventArchive archive,
    AttemptSender attempts,
    DeliveryRecorder recorder,
    DroppedDeliveries dropped,
    DeliveryScheduler scheduler,
    TimeProvider time
)
{
    /// <summary>Processes one delivery and returns how to settle its message.</summary>
    public async Task<Settlement> ProcessAsync(DeliveryMessage delivery, CancellationToken cancellationToken)
    {
        if (await FindAsync(delivery, cancellationToken) is not { } subscription)
        {
            await dropped.CountAsync(delivery, cancellationToken);
            return Settlement.Completed;
        }

        if (!subscription.IsActive)
        {
            await recorder.RecordSkippedAsync(subscription, delivery, cancellationToken);
            return Settlement.Completed;
        }

        var decision = await gate.EnterAsync(subscription, delivery.Postponements, cancellationToken);
        if (decision.Pass is not { } entered)
        {
            await Task.WhenAll(
                scheduler.PostponeAsync(delivery, decision.PostponeUntil, cancellationToken),
                recorder.RecordPostponedAsync(delivery, decision.PostponeUntil, cancellationToken)
            );
            return Settlement.Completed;
        }

        using var pass = entered;
        var (payload, publishedAt) = (delivery.Payload, delivery.PublishedAt);
        if (payload.IsEmpty)
        {
            var archived = await archive.GetAsync(delivery.OrganizationId, delivery.EventId, cancellationToken);
            if (archived?.Payload is not { } stored)
            {
                await recorder.RecordDroppedAsync(delivery, cancellationToken);
                return archived is null
                    ? new Settlement.DeadLetter(DeadLetterReason.PayloadExpired, NotMade("is no longer archived"))
                    : new Settlement.DeadLetter(DeadLetterReason.PayloadRemoved, NotMade("was removed"));

                string NotMade(string why) =>
                    string.Create(CultureInfo.InvariantCulture, $"The payload {why}; attempt {delivery.Attempt} was not made.");
            }

            (payload, publishedAt) = (stored, archived.PublishedAt);
        }

        var attempt = await attempts.SendAsync(subscription, delivery, payload, publishedAt ?? time.GetUtcNow(), cancellationToken);
        await Task.WhenAll(
            gate.LeaveAsync(pass, subscription, attempt.Result, attempt.Decision.CooldownUntil, cancellationToken),
            recorder.RecordAsync(subscription, delivery, attempt, cancellationToken)
        );
        if (attempt.Decision is DeliveryDecision.Retry retry)
        {
            var next = delivery with { NeedsStored = attempt.IsOutdated };
            await scheduler.ScheduleNextAttemptAsync(next, retry.At, attempt.Result.At, cancellationToken);
        }

        return attempt.Decision is DeliveryDecision.DeadLetter deadLetter
            ? new Settlement.DeadLetter(deadLetter.Reason, deadLetter.Description)
            : Settlement.Completed;
    }

    /// <summary>The subscription. It may be 5 s old while it is active; a message is never completed because of an outdated one.</summary>
    private async ValueTask<Subscription?> FindAsync(DeliveryMessage delivery, CancellationToken cancellationToken) =>
        !delivery.NeedsStored
        && await subscriptions.GetAsync(delivery.OrganizationId, delivery.SubscriptionId, cancellationToken) is { IsActive: true } active
            ? active
            : await subscriptions.ReadAsync(delivery.OrganizationId, delivery.SubscriptionId, cancellationToken);
}
