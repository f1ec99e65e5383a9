using System.Text.Json.Serialization;

namespace EventSubscriptions.Replays;

/// <summary>Which of the matching events are replayed.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReplaySelection>))]
public enum ReplaySelection
{
    [JsonStringEnumMemberName("all")]
    All,

    /// <summary>Events whose last attempt failed.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Events without an attempt: published while the subscription was inactive or did not exist.</summary>
    [JsonStringEnumMemberName("missed")]
    Missed,
}
