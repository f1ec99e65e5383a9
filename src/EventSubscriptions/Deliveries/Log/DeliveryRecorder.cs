using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries.Log;

/// <summary>Writes down what happened to a delivery: every attempt in the delivery log, every failed one in the audit log too.</summary>
public sealed class DeliveryRecorder(DeliveryLog log, AuditLog audit, ShortRetry shortRetry)
{
    /// <summary>Returns once everything is stored. By then the request has been made, so that a failure here would repeat it: it is tried a few times.</summary>
    public Task RecordAsync(Subscription subscription, DeliveryMessage delivery, DeliveryResult result, DeliveryDecision decision, CancellationToken cancellationToken)
    {
        var attempt = Attempt(delivery, result, decision);
        var logged = shortRetry.TryAsync(token => log.AppendAsync(subscription.Id, attempt, delivery.MayHaveWaited, token), cancellationToken);
        if (decision.Error is not { } error)
        {
            return logged;
        }

        var entry = Entry(subscription, delivery, result, error);
        return Task.WhenAll(logged, shortRetry.TryAsync(token => audit.AppendAsync(entry, token), cancellationToken));
    }

    /// <summary>Logs a delivery that was not sent, since its subscription is inactive.</summary>
    public Task RecordSkippedAsync(DeliveryMessage delivery, DateTimeOffset at, CancellationToken cancellationToken) =>
        log.AppendAsync(delivery.SubscriptionId, Attempt(delivery, DeliveryOutcome.Skipped, at, TimeSpan.Zero), delivery.MayHaveWaited, cancellationToken);

    /// <summary>Notes that a delivery waits, for another reason than a failed attempt.</summary>
    public Task RecordPostponedAsync(DeliveryMessage delivery, DateTimeOffset due, CancellationToken cancellationToken) =>
        log.WaitAsync(delivery.SubscriptionId, delivery.EventId, delivery.Run, due, cancellationToken);

    /// <summary>Notes that a delivery has ended without an attempt.</summary>
    public Task RecordDroppedAsync(DeliveryMessage delivery, CancellationToken cancellationToken) =>
        delivery.MayHaveWaited ? log.EndWaitAsync(delivery.SubscriptionId, delivery.EventId, delivery.Run, cancellationToken) : Task.CompletedTask;

    /// <summary>Logs the attempt of a test. A failed one is no entry of the audit log: whoever tests sees it, and no event is late.</summary>
    public async Task<DeliveryAttempt> RecordTestAsync(DeliveryMessage delivery, DeliveryResult result, DeliveryDecision decision, CancellationToken cancellationToken)
    {
        var attempt = Attempt(delivery, result, decision) with { NextAttemptAt = null };
        await shortRetry.TryAsync(token => log.AppendAsync(delivery.SubscriptionId, attempt, hasWaited: false, token), cancellationToken);
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

    private static DeliveryAttempt Attempt(DeliveryMessage delivery, string outcome, DateTimeOffset at, TimeSpan duration) => new()
    {
        EventId = delivery.EventId.ToString(),
        EventName = delivery.EventName,
        Attempt = delivery.Attempt,
        Run = delivery.Run,
        At = at,
        EndedAt = at + duration,
        Outcome = outcome,
    };

    private static AuditEntry Entry(Subscription subscription, DeliveryMessage delivery, DeliveryResult result, DeliveryError error) => new()
    {
        Type = AuditType.DeliveryFailed,
        Timestamp = result.At + result.Duration,
        OrganizationId = delivery.OrganizationId,
        SubscriptionId = delivery.SubscriptionId,
        Url = DisplayUrl.Of(subscription.Url),
        EventId = delivery.EventId.ToString(),
        EventName = delivery.EventName,
        Attempt = delivery.Attempt,
        StatusCode = result.StatusCode,
        Error = new AuditError(error.Kind, error.Detail, FailureHint.For(error.Kind, result.StatusCode)),
        DurationMs = (long)result.Duration.TotalMilliseconds,
        ResponseSnippet = result.ResponseSnippet,
    };
}
