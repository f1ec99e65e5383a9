using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Formats;
using EventSubscriptions.Telemetry;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>Sends one request and decides what follows from its result.</summary>
public sealed class AttemptSender(
    WebhookSender sender,
    RetrySchedule defaultSchedule,
    HealthTracker health,
    AppMetrics metrics,
    AppTracing tracing,
    TimeProvider time,
    Random random
)
{
    /// <summary>Sends the request of an attempt. After a 410 the subscription is deactivated before this returns.</summary>
    public async Task<AttemptResult> SendAsync(
        Subscription subscription,
        DeliveryMessage delivery,
        ReadOnlyMemory<byte> payload,
        DateTimeOffset publishedAt,
        CancellationToken cancellationToken
    )
    {
        using var activity = AttemptActivity.Start(tracing, delivery);
        var schedule = subscription.RetrySchedule is { } own ? new RetrySchedule(own) : defaultSchedule;
        var result = await sender.SendAsync(
            subscription,
            new EventContent(delivery.OrganizationId, delivery.EventId, delivery.EventName, publishedAt, payload),
            activity?.Id ?? delivery.TraceParent,
            cancellationToken
        );
        var decision = ResponsePolicy.Decide(result, delivery.Attempt, schedule, time.GetUtcNow(), random);
        var isOutdated =
            decision is DeliveryDecision.Gone gone
            && !await health.TryDeactivateGoneAsync(
                subscription,
                new TrackedAttempt(delivery.EventName, gone, result.At, result.StatusCode),
                cancellationToken
            );
        if (isOutdated)
        {
            decision = ResponsePolicy.DecideAnew((DeliveryDecision.Gone)decision, delivery.Attempt, schedule, time.GetUtcNow());
        }

        AttemptActivity.End(activity, result, decision);
        metrics.Attempted(decision.Outcome.ToName(), decision.Error?.Kind.ToName(), result.Duration);
        if (decision is DeliveryDecision.Delivered && delivery.PublishedAt is { } published)
        {
            metrics.Delivered(result.At + result.Duration - published);
        }

        return new AttemptResult(result, decision, isOutdated);
    }
}
