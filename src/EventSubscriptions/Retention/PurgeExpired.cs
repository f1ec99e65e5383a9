using EventSubscriptions.Deliveries.Statistics;
using EventSubscriptions.Subscriptions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting;

namespace EventSubscriptions.Retention;

/// <summary>
/// Audits client certificates that expire soon, deletes expired rows and merges statistics, on the schedule <c>RetentionSchedule</c>.
/// </summary>
public sealed class PurgeExpired(
    ClientCertificateExpiry certificates,
    RetentionPurge purge,
    StatisticsMerge merge,
    IHostApplicationLifetime lifetime
)
{
    /// <summary>Ends as soon as the app is told to stop, since the next run does the rest.</summary>
    [Function(nameof(PurgeExpired))]
    public async Task RunAsync([TimerTrigger("%RetentionSchedule%")] TimerInfo timer, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        await certificates.RunAsync(linked.Token);
        await purge.RunAsync(linked.Token);
        await merge.RunAsync(linked.Token);
    }
}
