using EventSubscriptions.Audit;
using EventSubscriptions.Events;
using EventSubscriptions.Organizations;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>
/// Reports the health of subscriptions as operational events. An event is stored in one write with the health that it reports, and then
/// published: if the process dies in between, whoever reads the row next publishes it.
/// </summary>
public sealed class HealthReporter(SubscriptionHealthStore store, IOperationalEventPublisher publisher, DeliveriesOptions options)
{
    /// <summary>The health with a report that deliveries fail, or null if that is not due.</summary>
    internal SubscriptionHealth? ReportFailing(
        Subscription subscription,
        SubscriptionHealth health,
        DateTimeOffset at,
        AuditError? error
    ) =>
        FailingReportPolicy.NextPercent(health, at, options) is not { } percent
            ? null
            : health.Reporting(
                SubscriptionEvents.Failing(
                    subscription,
                    health,
                    percent,
                    health.FailingSince!.Value + options.DeactivateAfter,
                    options.DeactivateMinFailures,
                    error
                )
            ) with
            {
                ReportedPercent = percent,
            };

    /// <summary>The health of a subscription that the app deactivates, with a report of that if events have failed.</summary>
    internal static SubscriptionHealth ReportDeactivated(
        Subscription subscription,
        SubscriptionHealth health,
        string reason,
        AuditError? last
    ) =>
        (health.HasFailedEvents ? health.Reporting(SubscriptionEvents.Deactivated(subscription, health, reason, last)) : health) with
        {
            Reason = reason,
        };

    /// <summary>Publishes the events of an entry's row, if it has any. Until that succeeds, it is tried again each minute.</summary>
    internal async Task PublishAsync(HealthEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Known is { Health.Outbox: not null } known)
        {
            var (organization, subscription) = (entry.Subscription.OrganizationId, entry.Subscription.Id);
            var published = await PublishAsync(organization, subscription, known.Health, cancellationToken);
            entry.Known = published is null ? null : known with { Health = published };
        }

        entry.MayHaveOutbox = entry.Known is null or { Health.Outbox: not null };
    }

    /// <summary>
    /// Publishes the events of a row and removes them from it. Returns the row as it is then, still with the events if they could not be
    /// published; null if it was changed meanwhile, and whoever reads it next publishes them again, which the queue drops.
    /// </summary>
    internal async Task<SubscriptionHealth?> PublishAsync(
        OrganizationId organization,
        SubscriptionId subscription,
        SubscriptionHealth stored,
        CancellationToken cancellationToken
    ) =>
        stored.Outbox is null || !await publisher.TryPublishAsync(HealthOutbox.Read(organization, stored.Outbox), cancellationToken)
            ? stored
            : await store.TryWriteAsync(organization, subscription, stored with { Outbox = null }, cancellationToken);
}
