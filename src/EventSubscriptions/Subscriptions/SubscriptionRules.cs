using EventSubscriptions.Destinations;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Subscriptions.Authentication;

namespace EventSubscriptions.Subscriptions;

/// <summary>What the settings allow a subscription to have.</summary>
public sealed class SubscriptionRules(DestinationGuard guard, ArchiveOptions archive, ManagedIdentityOptions identities, TimeProvider time)
{
    /// <summary>The share by which a retry may be later or earlier than scheduled.</summary>
    public const double RetryJitter = 0.2;

    /// <summary>The longest time limit of an attempt that a subscription may have.</summary>
    public static readonly TimeSpan MaxDeadline = TimeSpan.FromSeconds(60);

    /// <summary>Which URLs are allowed.</summary>
    public DestinationGuard Guard => guard;

    /// <summary>The current time.</summary>
    internal DateTimeOffset Now => time.GetUtcNow();

    /// <summary>The field that doesn't go together with the others and why, as the rest of a sentence; null if all do.</summary>
    internal (string Field, string Error)? Check(Subscription subscription) =>
        subscription.ClientCertificate is not null && subscription.Url.Scheme != Uri.UriSchemeHttps
            ? (ClientCertificateFields.Name, "needs a URL that starts with https://")
        : subscription.Authentication is SubscriptionAuthentication.ManagedIdentity identity
        && identities.Check(identity.Resource, subscription.Url) is { } error
            ? ($"{AuthenticationFields.Name}.resource", error)
        : null;

    /// <summary>Why a retry schedule is not allowed, or null. Attempts after the first read the payload from the archive.</summary>
    public string? CheckRetrySchedule(IEnumerable<TimeSpan> schedule) =>
        LongestWait(schedule) is var wait && wait < archive.Retention
            ? null
            : $"may take {wait:c} with 20 % jitter and one day of Retry-After, which must be less than Retention__EventArchive ({archive.Retention:c})";

    /// <summary>The longest time from the first attempt to the last one.</summary>
    public static TimeSpan LongestWait(IEnumerable<TimeSpan> schedule) =>
        (schedule.Aggregate(TimeSpan.Zero, (sum, wait) => sum + wait) * (1 + RetryJitter)) + RetryAfter.Max;
}
