using System.Globalization;
using EventSubscriptions.Audit;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>
/// Tracks the health of subscriptions, and deactivates those whose receiver returned 410 or has failed for too long. A row is written when
/// a subscription starts to fail, when that is reported, when it recovers, and with dead letters; other failures are counted in memory and
/// written with the first one after a minute. Instances coordinate by the version of the row.
/// </summary>
public sealed partial class HealthTracker(
    HealthEntries entries,
    SubscriptionHealthStore store,
    SubscriptionEditor editor,
    HealthReporter reporter,
    ShortRetry shortRetry,
    DeliveriesOptions options,
    TimeProvider time,
    ILogger<HealthTracker> logger
)
{
    /// <summary>
    /// How long a subscription counts as healthy although another instance may have seen a failure, and how far the count of the row may
    /// lag.
    /// </summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);

    private const int MaxTries = 5;

    /// <summary>
    /// Deactivates a subscription after a 410, and returns whether the 410 counts: it doesn't if the stored subscription now sends
    /// differently. Faults on our side are thrown, because otherwise more would be sent.
    /// </summary>
    public async Task<bool> TryDeactivateGoneAsync(Subscription used, TrackedAttempt gone, CancellationToken cancellationToken)
    {
        var outcome = GoneOutcome.Inactive;
        await shortRetry.ExecuteAsync(async token => outcome = await DeactivateGoneAsync(used, gone, token), cancellationToken);
        if (outcome == GoneOutcome.Deactivated)
        {
            await PublishStoredAsync(entries.Of(used), used, cancellationToken);
        }

        return outcome != GoneOutcome.Changed;
    }

    /// <summary>
    /// Tracks an attempt without a 410. A fault on our side is only logged: the delivery matters more, and the next attempt tells the same.
    /// </summary>
    public async Task TrackAsync(Subscription subscription, TrackedAttempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            await KeepAsync(subscription, attempt, cancellationToken);
        }
        catch (Exception exception) when (TransientFaults.IsTransient(exception) && !cancellationToken.IsCancellationRequested)
        {
            Log.NotKept(logger, exception, subscription.Id);
        }
    }

    /// <summary>
    /// Publishes what was stored when a subscription was deactivated, and could not be published then. Reads its health once per version
    /// of the subscription. A fault on our side is only logged: it is tried again each minute, and with the next delivery.
    /// </summary>
    public async Task PublishPendingAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        var entry = entries.Of(subscription);
        if (entry.Known is not { Health.Outbox: null } known || known.Version != subscription.ETag)
        {
            await PublishStoredAsync(entry, subscription, cancellationToken);
        }
    }

    private async Task PublishStoredAsync(HealthEntry entry, Subscription subscription, CancellationToken cancellationToken)
    {
        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            entry.MayHaveOutbox = true;
            entry.Known = await entries.LoadAsync(subscription, uncounted: 0, cancellationToken);
            await reporter.PublishAsync(entry, cancellationToken);
        }
        catch (Exception exception) when (TransientFaults.IsTransient(exception) && !cancellationToken.IsCancellationRequested)
        {
            entry.Known = null;
            Log.NotKept(logger, exception, subscription.Id);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private async Task KeepAsync(Subscription subscription, TrackedAttempt attempt, CancellationToken cancellationToken)
    {
        var entry = entries.Of(subscription);
        var arrived = attempt.Decision is DeliveryDecision.Delivered;
        if (arrived && entry.Known is { Health.IsFailing: false } known && IsCurrent(known, subscription))
        {
            return;
        }

        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            // Until the end of this, also if it fails.
            entry.MayHaveOutbox = true;
            entry.LastError = arrived ? null : attempt.Error;
            for (var tries = 1; tries <= MaxTries && !await TryKeepAsync(entry, subscription, attempt, cancellationToken); tries++)
            {
                // Another instance was faster. Its write counts, and so does what was counted here.
                entry.Known = await entries.LoadAsync(subscription, entry.Known!.Uncounted, cancellationToken);
            }

            await reporter.PublishAsync(entry, cancellationToken);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private async Task<bool> TryKeepAsync(
        HealthEntry entry,
        Subscription subscription,
        TrackedAttempt attempt,
        CancellationToken cancellationToken
    )
    {
        if (entry.Known is not { } known || !IsCurrent(known, subscription))
        {
            entry.Known = known = await entries.LoadAsync(subscription, uncounted: 0, cancellationToken);
        }

        SubscriptionHealth health;
        if (attempt.Decision is DeliveryDecision.Delivered)
        {
            if (!known.Health.IsFailing)
            {
                return true;
            }

            health = known.Health.Recovered();
            if (known.Health.ReportedPercent is not null)
            {
                health = health.Reporting(SubscriptionEvents.Recovered(subscription, known.Current, time.GetUtcNow()));
            }
        }
        else
        {
            health = known.Health.Failed(attempt.At, known.Uncounted + 1) with
            {
                HasFailedEvents = known.Health.HasFailedEvents || !attempt.IsOperational,
            };
            if (attempt.At - health.FailingSince >= options.DeactivateAfter && health.Failures >= options.DeactivateMinFailures)
            {
                // If the subscription or its health has changed meanwhile, the next failure decides.
                await DeactivateAsync(entry, subscription, health, cancellationToken);
                return true;
            }

            if (reporter.ReportFailing(subscription, health, attempt.At, entry.LastError) is { } reported)
            {
                health = reported;
            }
            else if (CanWait(known, health, attempt))
            {
                entry.Known = known with { Uncounted = known.Uncounted + 1 };
                return true;
            }
        }

        if (await store.TryWriteAsync(subscription.OrganizationId, subscription.Id, health, cancellationToken) is not { } stored)
        {
            return false;
        }

        entry.Known = new KnownHealth(stored, Uncounted: 0, subscription.ETag, time.GetTimestamp());
        LogTurn(entry, subscription, known, health, attempt.Decision);
        return true;
    }

    /// <summary>Whether a failure is only counted in memory for now.</summary>
    private bool CanWait(KnownHealth known, SubscriptionHealth health, TrackedAttempt attempt) =>
        known.Health.IsFailing
        && health.HasFailedEvents == known.Health.HasFailedEvents
        && attempt.Decision is not DeliveryDecision.DeadLetter
        && time.GetElapsedTime(known.At) < Freshness;

    /// <summary>
    /// Logs when deliveries to a subscription start to fail, and when they recover; once a minute for a receiver that fails now and then.
    /// </summary>
    private void LogTurn(
        HealthEntry entry,
        Subscription subscription,
        KnownHealth before,
        SubscriptionHealth after,
        DeliveryDecision decision
    )
    {
        if (!before.Health.IsFailing && after.IsFailing)
        {
            entry.IsLogged = entry.LoggedAt is not { } last || time.GetElapsedTime(last) >= Freshness;
            if (entry.IsLogged)
            {
                entry.LoggedAt = time.GetTimestamp();
                Log.Failing(logger, subscription.Id, subscription.OrganizationId, decision.Error?.Detail ?? decision.Outcome.ToName());
            }
        }
        else if (before.Health.IsFailing && !after.IsFailing && entry.IsLogged)
        {
            entry.IsLogged = false;
            Log.Recovered(logger, subscription.Id, subscription.OrganizationId, before.Current.Failures);
        }
    }

    private async Task<GoneOutcome> DeactivateGoneAsync(Subscription used, TrackedAttempt gone, CancellationToken cancellationToken)
    {
        var before = await store.GetAsync(used.OrganizationId, used.Id, cancellationToken);
        var error = gone.Error! with { Kind = "gone" };
        var health = before.Failed(gone.At) with { HasFailedEvents = before.HasFailedEvents || !gone.IsOperational };
        var outcome = await editor.DeactivateGoneAsync(
            used,
            HealthReporter.ReportDeactivated(used, health, error.Detail, gone.Error) with
            {
                ETag = default,
            },
            error,
            cancellationToken
        );
        if (outcome == GoneOutcome.Deactivated)
        {
            Log.Deactivated(logger, used.Id, error.Detail);
        }

        return outcome;
    }

    private async Task DeactivateAsync(
        HealthEntry entry,
        Subscription subscription,
        SubscriptionHealth health,
        CancellationToken cancellationToken
    )
    {
        var error = FailingFor(health);
        var deactivated = HealthReporter.ReportDeactivated(subscription, health, error.Detail, entry.LastError);
        entry.Known = null;
        if (await editor.DeactivateAsync(subscription, deactivated, error, cancellationToken))
        {
            Log.Deactivated(logger, subscription.Id, error.Detail);
            entry.Known = await entries.LoadAsync(subscription, uncounted: 0, cancellationToken);
        }
    }

    private static AuditError FailingFor(SubscriptionHealth health) =>
        new(
            "failing",
            string.Create(
                CultureInfo.InvariantCulture,
                $"Every delivery has failed since {health.FailingSince!.Value.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z, {health.Failures} times."
            ),
            "Fix the receiver or change the URL, then set isActive to true and replay the missed events. The delivery.failed entries have the details."
        );

    /// <summary>
    /// Whether the cached health is current. A changed subscription may have been activated again, which clears its health. A failing one
    /// is checked whenever it is written.
    /// </summary>
    private bool IsCurrent(KnownHealth known, Subscription subscription) =>
        known.Version == subscription.ETag && (known.Health.IsFailing || time.GetElapsedTime(known.At) < Freshness);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Could not update the health of subscription {SubscriptionId}; its next delivery will.")]
        public static partial void NotKept(ILogger logger, Exception exception, SubscriptionId subscriptionId);

        [LoggerMessage(
            LogLevel.Warning,
            "Deliveries to subscription {SubscriptionId} of organization {OrganizationId} are failing: {Reason}"
        )]
        public static partial void Failing(ILogger logger, SubscriptionId subscriptionId, OrganizationId organizationId, string reason);

        [LoggerMessage(
            LogLevel.Information,
            "Deliveries to subscription {SubscriptionId} of organization {OrganizationId} have recovered after {Failures} failed attempts."
        )]
        public static partial void Recovered(ILogger logger, SubscriptionId subscriptionId, OrganizationId organizationId, int failures);

        [LoggerMessage(LogLevel.Warning, "Subscription {SubscriptionId} was deactivated: {Reason}")]
        public static partial void Deactivated(ILogger logger, SubscriptionId subscriptionId, string reason);
    }
}
