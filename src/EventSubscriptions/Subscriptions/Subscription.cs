using Azure;
using EventSubscriptions.Organizations;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Subscriptions.Filters;
using EventSubscriptions.Subscriptions.Formats;

namespace EventSubscriptions.Subscriptions;

/// <summary>A subscription: which events of an organization are POSTed where.</summary>
public sealed record Subscription
{
    public required OrganizationId OrganizationId { get; init; }

    public required SubscriptionId Id { get; init; }

    /// <summary>1–128 characters, for people.</summary>
    public required string Name { get; init; }

    /// <summary>At most 1,024 characters, for people.</summary>
    public string? Description { get; init; }

    /// <summary>At most 2,048 characters. Responses mask the values of its query.</summary>
    public required Uri Url { get; init; }

    /// <summary>Whether the path of the URL is a credential, too: responses show no more than the host.</summary>
    public bool UrlIsSecret { get; init; }

    /// <summary>How requests prove who sends them.</summary>
    public required SubscriptionAuthentication Authentication { get; init; }

    /// <summary>Further headers of its requests.</summary>
    public SubscriptionHeaders Headers { get; init; } = SubscriptionHeaders.None;

    /// <summary>What it shows in TLS handshakes; null for nothing.</summary>
    public ClientCertificate? ClientCertificate { get; init; }

    /// <summary>The thumbprint of the client certificate whose expiry was audited, or null.</summary>
    public string? AuditedCertificate { get; init; }

    /// <summary>The secrets that sign its deliveries.</summary>
    public required SigningSecrets SigningSecrets { get; init; }

    /// <summary>1–64 event names, or <c>*</c> alone for all events, known or not.</summary>
    public required IReadOnlyList<string> Events { get; init; }

    public required bool IsActive { get; init; }

    /// <summary>1–10,000 requests per second, or null for no limit.</summary>
    public int? RateLimitPerSecond { get; init; }

    /// <summary>Which payloads it gets; null for all.</summary>
    public SubscriptionFilter? Filter { get; init; }

    /// <summary>How the body of its requests is made.</summary>
    public SubscriptionFormat Format { get; init; } = SubscriptionFormat.Default;

    /// <summary>1–15 delays after failed attempts; null for those of the app.</summary>
    public IReadOnlyList<TimeSpan>? RetrySchedule { get; init; }

    /// <summary>The time limit of an attempt, 1–60 s; null for that of the app.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>At most 16, for people and programs that manage subscriptions.</summary>
    public SubscriptionLabels Labels { get; init; } = SubscriptionLabels.None;

    /// <summary>Its id in another system, unique within the organization; null if it has none.</summary>
    public string? ExternalId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The version of the row.</summary>
    public ETag ETag { get; init; }

    /// <summary>Whether requests go to the same URL with the same credentials as those of another version.</summary>
    public bool SendsLike(Subscription other) =>
        Url.OriginalString == other.Url.OriginalString
        && Authentication == other.Authentication
        && Headers.Equals(other.Headers)
        && ClientCertificate == other.ClientCertificate;
}
