using System.Text.Json.Serialization;

namespace EventSubscriptions.Deliveries.Log;

/// <summary>Why a delivery waits.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WaitReason>))]
internal enum WaitReason
{
    /// <summary>An attempt failed.</summary>
    [JsonStringEnumMemberName("retry")]
    Retry,

    /// <summary>The subscription is throttled, or its receiver is unreachable.</summary>
    [JsonStringEnumMemberName("postponed")]
    Postponed,
}
