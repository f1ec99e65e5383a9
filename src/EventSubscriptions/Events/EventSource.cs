using System.Text.Json.Serialization;

namespace EventSubscriptions.Events;

/// <summary>How an event was published.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EventSource>))]
public enum EventSource
{
    /// <summary>Over HTTP.</summary>
    [JsonStringEnumMemberName("http")]
    Http,

    /// <summary>By Binalyze AIR, over HTTP.</summary>
    [JsonStringEnumMemberName("air")]
    Air,

    /// <summary>Read from the Relay API.</summary>
    [JsonStringEnumMemberName("relay")]
    Relay,

    /// <summary>By another producer on the queue <c>events</c>.</summary>
    [JsonStringEnumMemberName("external")]
    External,

    /// <summary>By this app, about its own work.</summary>
    [JsonStringEnumMemberName("system")]
    System,
}
