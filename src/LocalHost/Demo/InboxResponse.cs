using System.Text.Json.Serialization;

namespace LocalHost.Demo;

/// <summary>How the inbox responds.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<InboxResponse>))]
internal enum InboxResponse
{
    /// <summary>200 at once.</summary>
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>500 at once.</summary>
    [JsonStringEnumMemberName("error")]
    Error,

    /// <summary>200 after <see cref="Inbox.SlowDelay"/>.</summary>
    [JsonStringEnumMemberName("slow")]
    Slow,
}
