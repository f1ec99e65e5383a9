using System.Text.Json.Serialization;

namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>The kinds of formats.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FormatType>))]
public enum FormatType
{
    [JsonStringEnumMemberName("standard")]
    Standard,

    [JsonStringEnumMemberName("cloudEvents")]
    CloudEvents,

    [JsonStringEnumMemberName("template")]
    Template,
}
