using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>Decides when it is reported that deliveries to a subscription fail.</summary>
internal static class FailingReportPolicy
{
    /// <summary>How long deliveries must have failed before it is reported.</summary>
    public static readonly TimeSpan FirstAfter = TimeSpan.FromMinutes(15);

    /// <summary>How many attempts must have failed before it is reported.</summary>
    public const int FirstFailures = 3;

    private static readonly int[] s_percentages = [90, 70, 50];

    /// <summary>
    /// The percentage of the way to deactivation that is to be reported now, 0 for the first report; null if there is nothing new. A
    /// pure function. If several were passed since the last report, it is the highest.
    /// </summary>
    public static int? NextPercent(SubscriptionHealth health, DateTimeOffset at, DeliveriesOptions options)
    {
        // With a reason, the subscription is deactivated, and these are the last of its requests.
        if (!health.HasFailedEvents || health.Reason is not null || health.FailingSince is not { } since)
        {
            return null;
        }

        var elapsed = at - since;
        var ofTime = options.DeactivateAfter > TimeSpan.Zero ? elapsed / options.DeactivateAfter : 1;
        var progress = 100 * Math.Min(ofTime, (double)health.Failures / options.DeactivateMinFailures);
        int? reached =
            s_percentages.FirstOrDefault(percent => progress >= percent) is > 0 and var highest ? highest
            : elapsed >= FirstAfter && health.Failures >= FirstFailures ? 0
            : null;
        return reached > (health.ReportedPercent ?? -1) ? reached : null;
    }
}
