using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Statistics;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Telemetry;

namespace EventSubscriptions.Deliveries.Log;

/// <summary>
/// Records deliveries: every attempt in the delivery log, failed ones in the audit log too, the statistics, and the health of the subscription.
/// </summary>
public sealed class DeliveryRecorder(
    DeliveryLog log,
    AuditLog audit,
    HealthTracker health,
    DeliveryStatistics statistics,
    ShortRetry shortRetry,
    AppMetrics metrics,
    TimeProvider time
)
{
    /// <summary>Records an attempt. The POST was sent, and failing here would repeat it, so short outages are retried.</summary>
    public Task RecordAsync(Subscription subscription, DeliveryMessage delivery, AttemptResult attempt, CancellationToken cancellationToken)
    {
        var (result, decision, isOutdated) = attempt;
        var row = Attempt(delivery, result, decision);
        statistics.Count(delivery.OrganizationId, delivery.SubscriptionId, decision.Outcome, result.Duration);
        var logged = shortRetry.ExecuteAsync(
            token => log.AppendAsync(subscription.Id, row, delivery.MayHaveWaited, token),
            cancellationToken
        );
        var tracked =
            isOutdated || decision is DeliveryDecision.Gone
                ? Task.CompletedTask
                : health.TrackAsync(
                    subscription,
                    new TrackedAttempt(delivery.EventName, decision, result.At, result.StatusCode),
                    cancellationToken
                );
        if (decision.Error is not { } error)
        {
            return Task.WhenAll(logged, tracked);
        }

        var entry = Entry(subscription, delivery, result, error);
        return Task.WhenAll(logged, tracked, shortRetry.ExecuteAsync(token => audit.AppendAsync(entry, token), cancellationToken));
    }

    /// <summary>Logs a delivery that was not sent because its subscription is inactive.</summary>
    public async Task RecordSkippedAsync(Subscription subscription, DeliveryMessage delivery, CancellationToken cancellationToken)
    {
        await health.PublishPendingAsync(subscription, cancellationToken);
        var row = Attempt(delivery, DeliveryOutcome.Skipped, time.GetUtcNow(), TimeSpan.Zero);
        await log.AppendAsync(delivery.SubscriptionId, row, delivery.MayHaveWaited, cancellationToken);
        statistics.Count(delivery.OrganizationId, delivery.SubscriptionId, DeliveryOutcome.Skipped, duration: null);
        metrics.Attempted(DeliveryOutcome.Skipped.ToName(), errorKind: null, duration: null);
    }

    /// <summary>Logs that a delivery waits for another reason than a failed attempt.</summary>
    public Task RecordPostponedAsync(DeliveryMessage delivery, DateTimeOffset due, CancellationToken cancellationToken) =>
        log.WaitAsync(delivery, due, cancellationToken);

    /// <summary>Logs that a delivery ended without an attempt.</summary>
    public Task RecordDroppedAsync(DeliveryMessage delivery, CancellationToken cancellationToken) =>
        delivery.MayHaveWaited ? log.EndWaitAsync(delivery, cancellationToken) : Task.CompletedTask;

    /// <summary>Logs the attempt of a test. A failure is not audited: the caller sees it, and no event is delayed.</summary>
    public async Task<DeliveryAttempt> RecordTestAsync(
        DeliveryMessage delivery,
        DeliveryResult result,
        DeliveryDecision decision,
        CancellationToken cancellationToken
    )
    {
        var attempt = Attempt(delivery, result, decision) with { NextAttemptAt = null };
        await shortRetry.ExecuteAsync(
            token => log.AppendAsync(delivery.SubscriptionId, attempt, hasWaited: false, token),
            cancellationToken
        );
        return attempt;
    }

    private static DeliveryAttempt Attempt(DeliveryMessage delivery, DeliveryResult result, DeliveryDecision decision) =>
        Attempt(delivery, decision.Outcome, result.At, result.Duration) with
        {
            StatusCode = result.StatusCode,
            Error = decision.Error,
            ResponseSnippet = result.ResponseSnippet,
            NextAttemptAt = (decision as DeliveryDecision.Retry)?.At,
        };

    private static DeliveryAttempt Attempt(DeliveryMessage delivery, DeliveryOutcome outcome, DateTimeOffset at, TimeSpan duration) =>
        new()
        {
            EventId = delivery.EventId.ToString(),
            EventName = delivery.EventName.ToString(),
            Attempt = delivery.Attempt,
            Run = delivery.Run.ToString(),
            At = at,
            EndedAt = at + duration,
            Outcome = outcome,
        };

    private static AuditEntry Entry(Subscription subscription, DeliveryMessage delivery, DeliveryResult result, DeliveryError error) =>
        new()
        {
            Type = AuditType.DeliveryFailed,
            Timestamp = result.At + result.Duration,
            OrganizationId = delivery.OrganizationId,
            SubscriptionId = delivery.SubscriptionId,
            Url = DisplayUrl.Of(subscription),
            EventId = delivery.EventId.ToString(),
            EventName = delivery.EventName.ToString(),
            Attempt = delivery.Attempt,
            StatusCode = result.StatusCode,
            Error = new AuditError(error.Kind.ToName(), error.Detail, FailureHint.For(error.Kind, result.StatusCode)),
            DurationMs = (long)result.Duration.TotalMilliseconds,
            ResponseSnippet = result.ResponseSnippet,
        };
}
