using EventSubscriptions.Subscriptions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>
/// Does each minute what is due although no attempt is made: reports that deliveries fail, reports dead letters, and publishes operational
/// events that could not be published. It looks at what this instance knows, so that it reads nothing unless something is due.
/// </summary>
public sealed partial class HealthWatch(
    HealthEntries entries,
    SubscriptionHealthStore store,
    SubscriptionCache subscriptions,
    HealthReporter reporter,
    DeadLetterReports deadLetters,
    DeliveriesOptions options,
    TimeProvider time,
    ILogger<HealthWatch> logger
) : BackgroundService
{
    /// <summary>The time between two reviews.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>Does what is due.</summary>
    public async Task ReviewAsync(CancellationToken cancellationToken)
    {
        foreach (var entry in entries.All)
        {
            if (entry.MayHaveOutbox || IsDue(entry.Known))
            {
                await ReviewAsync(entry, cancellationToken);
            }
        }

        await deadLetters.ReviewAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await ReviewAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The app stops; what is left is published with the next deliveries.
        }
    }

    private bool IsDue(KnownHealth? known) =>
        known is not null && FailingReportPolicy.NextPercent(known.Current, time.GetUtcNow(), options) is not null;

    private async Task ReviewAsync(HealthEntry entry, CancellationToken cancellationToken)
    {
        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            var (organization, id) = (entry.Subscription.OrganizationId, entry.Subscription.Id);
            var subscription = await subscriptions.GetAsync(organization, id, cancellationToken);
            if (subscription is null)
            {
                (entry.Known, entry.MayHaveOutbox) = (null, false);
                return;
            }

            var uncounted = entry.Known?.Uncounted ?? 0;
            entry.Known = await entries.LoadAsync(subscription, uncounted, cancellationToken);
            if (subscription.IsActive)
            {
                await ReportAsync(entry, subscription, entry.Known, cancellationToken);
            }

            await reporter.PublishAsync(entry, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // An exception would end the reviews, and the app with them.
            Log.NotReviewed(logger, exception, entry.Subscription.Id);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private async Task ReportAsync(HealthEntry entry, Subscription subscription, KnownHealth known, CancellationToken cancellationToken)
    {
        if (reporter.ReportFailing(subscription, known.Current, time.GetUtcNow(), entry.LastError) is { } reported)
        {
            var stored = await store.TryWriteAsync(subscription.OrganizationId, subscription.Id, reported, cancellationToken);

            // If another instance was faster, it is read again when it is needed.
            entry.Known = stored is null ? null : new KnownHealth(stored, Uncounted: 0, subscription.ETag, time.GetTimestamp());
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Could not report the health of subscription {SubscriptionId}; it is tried again in a minute.")]
        public static partial void NotReviewed(ILogger logger, Exception exception, SubscriptionId subscriptionId);
    }
}
