using System.Text.Json.Serialization;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>The outcomes of attempts.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DeliveryOutcome>))]
public enum DeliveryOutcome
{
    /// <summary>A 2xx.</summary>
    [JsonStringEnumMemberName("delivered")]
    Delivered,

    /// <summary>Any other response, or none.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>The receiver, or a proxy before it, is overloaded. Counts as an attempt.</summary>
    [JsonStringEnumMemberName("throttled")]
    Throttled,

    /// <summary>A 410.</summary>
    [JsonStringEnumMemberName("gone")]
    Gone,

    /// <summary>Not sent: the subscription is inactive.</summary>
    [JsonStringEnumMemberName("skipped")]
    Skipped,
}
