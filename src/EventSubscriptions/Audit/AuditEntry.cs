using EventSubscriptions.Http;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Audit;

/// <summary>An entry of the audit log. It never contains a token, a secret or a payload.</summary>
public sealed record AuditEntry
{
    /// <summary>One of <see cref="AuditType"/>.</summary>
    public required string Type { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Null if the entry belongs to no organization.</summary>
    public OrganizationId? OrganizationId { get; init; }

    public SubscriptionId? SubscriptionId { get; init; }

    /// <summary>The URL with the values of its query masked.</summary>
    public string? Url { get; init; }

    public string? EventId { get; init; }

    public string? EventName { get; init; }

    /// <summary>Which attempt, from 1.</summary>
    public int? Attempt { get; init; }

    public int? StatusCode { get; init; }

    public AuditError? Error { get; init; }

    public long? DurationMs { get; init; }

    /// <summary>At most the first 1 KiB of the response, with secrets removed.</summary>
    public string? ResponseSnippet { get; init; }

    /// <summary>The key that made the change; null if the app did.</summary>
    public Actor? Actor { get; init; }

    /// <summary>What changed, by field.</summary>
    public IReadOnlyDictionary<string, AuditChange>? Changes { get; init; }
}

/// <summary>What failed: a kind for programs, a detail for people, and a hint what to do.</summary>
public sealed record AuditError(string Kind, string Detail, string? Hint = null);

/// <summary>A field before and after. Secrets show as <c>***</c>.</summary>
public sealed record AuditChange(object? From, object? To);

/// <summary>The types of audit entries.</summary>
public static class AuditType
{
    public const string DeliveryFailed = "delivery.failed";
    public const string DeliveryDeadLettered = "delivery.deadLettered";
    public const string DeliveryDropped = "delivery.dropped";
    public const string EventDeadLettered = "event.deadLettered";
    public const string SubscriptionCreated = "subscription.created";
    public const string SubscriptionUpdated = "subscription.updated";
    public const string SubscriptionDeleted = "subscription.deleted";
    public const string SubscriptionActivated = "subscription.activated";
    public const string SubscriptionDeactivated = "subscription.deactivated";
    public const string SubscriptionSecretRotated = "subscription.secretRotated";
    public const string BreakerOpened = "breaker.opened";
    public const string BreakerClosed = "breaker.closed";
    public const string ReplayStarted = "replay.started";
    public const string ReplayEnded = "replay.ended";
    public const string RelayFailed = "relay.failed";
    public const string RelayRecovered = "relay.recovered";
    public const string RelayGap = "relay.gap";
    public const string KeyCreated = "key.created";
    public const string KeyRevoked = "key.revoked";

    /// <summary>Every type.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        DeliveryFailed,
        DeliveryDeadLettered,
        DeliveryDropped,
        EventDeadLettered,
        SubscriptionCreated,
        SubscriptionUpdated,
        SubscriptionDeleted,
        SubscriptionActivated,
        SubscriptionDeactivated,
        SubscriptionSecretRotated,
        BreakerOpened,
        BreakerClosed,
        ReplayStarted,
        ReplayEnded,
        RelayFailed,
        RelayRecovered,
        RelayGap,
        KeyCreated,
        KeyRevoked,
    ];
}
