using System.Text.Json.Serialization;

namespace EventSubscriptions.Subscriptions;

/// <summary>How a subscription is doing.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SubscriptionState>))]
internal enum SubscriptionState
{
    /// <summary>It is active, and its last known attempt didn't fail.</summary>
    [JsonStringEnumMemberName("healthy")]
    Healthy,

    /// <summary>It is active, and its last known attempt failed.</summary>
    [JsonStringEnumMemberName("failing")]
    Failing,

    /// <summary>A user or the app has deactivated it.</summary>
    [JsonStringEnumMemberName("deactivated")]
    Deactivated,
}
