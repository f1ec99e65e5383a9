using System.Text.Json.Serialization;

namespace EventSubscriptions.Replays;

/// <summary>The states of a replay.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReplayState>))]
public enum ReplayState
{
    /// <summary>It looks for events.</summary>
    [JsonStringEnumMemberName("counting")]
    Counting,

    /// <summary>It sends them.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>All events are queued, or counted.</summary>
    [JsonStringEnumMemberName("completed")]
    Completed,

    /// <summary>A user cancelled it.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>It could not continue.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}
