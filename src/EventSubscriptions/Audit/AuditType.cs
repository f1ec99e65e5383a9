using System.Text.Json.Serialization;

namespace EventSubscriptions.Audit;

/// <summary>
/// The types of audit entries. The portal has a label for each in <c>Portal/Files/parts/words.js</c>, the API's schema lists them, and
/// <c>docs/operating.md</c> explains them.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<AuditType>))]
public enum AuditType
{
    [JsonStringEnumMemberName("delivery.failed")]
    DeliveryFailed,

    [JsonStringEnumMemberName("delivery.deadLettered")]
    DeliveryDeadLettered,

    [JsonStringEnumMemberName("delivery.dropped")]
    DeliveryDropped,

    [JsonStringEnumMemberName("event.deadLettered")]
    EventDeadLettered,

    [JsonStringEnumMemberName("event.payloadRemoved")]
    EventPayloadRemoved,

    [JsonStringEnumMemberName("subscription.created")]
    SubscriptionCreated,

    [JsonStringEnumMemberName("subscription.updated")]
    SubscriptionUpdated,

    [JsonStringEnumMemberName("subscription.deleted")]
    SubscriptionDeleted,

    [JsonStringEnumMemberName("subscription.activated")]
    SubscriptionActivated,

    [JsonStringEnumMemberName("subscription.deactivated")]
    SubscriptionDeactivated,

    [JsonStringEnumMemberName("subscription.secretRotated")]
    SubscriptionSecretRotated,

    [JsonStringEnumMemberName("subscription.certificateExpiring")]
    SubscriptionCertificateExpiring,

    [JsonStringEnumMemberName("breaker.opened")]
    BreakerOpened,

    [JsonStringEnumMemberName("breaker.closed")]
    BreakerClosed,

    [JsonStringEnumMemberName("replay.started")]
    ReplayStarted,

    [JsonStringEnumMemberName("replay.ended")]
    ReplayEnded,

    [JsonStringEnumMemberName("relay.failed")]
    RelayFailed,

    [JsonStringEnumMemberName("relay.recovered")]
    RelayRecovered,

    [JsonStringEnumMemberName("relay.gap")]
    RelayGap,

    [JsonStringEnumMemberName("eventType.created")]
    EventTypeCreated,

    [JsonStringEnumMemberName("eventType.updated")]
    EventTypeUpdated,

    [JsonStringEnumMemberName("eventType.deleted")]
    EventTypeDeleted,

    [JsonStringEnumMemberName("key.created")]
    KeyCreated,

    [JsonStringEnumMemberName("key.revoked")]
    KeyRevoked,
}
