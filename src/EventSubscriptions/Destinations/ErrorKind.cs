using System.Text.Json.Serialization;

namespace EventSubscriptions.Destinations;

/// <summary>Why a request failed.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ErrorKind>))]
public enum ErrorKind
{
    /// <summary>The host name could not be resolved.</summary>
    [JsonStringEnumMemberName("dns")]
    Dns,

    /// <summary>No address of the host accepted a connection.</summary>
    [JsonStringEnumMemberName("connect")]
    Connect,

    /// <summary>The TLS handshake failed.</summary>
    [JsonStringEnumMemberName("tls")]
    Tls,

    /// <summary>The connection was closed, or the response was not valid HTTP.</summary>
    [JsonStringEnumMemberName("reset")]
    Reset,

    /// <summary>The deadline passed.</summary>
    [JsonStringEnumMemberName("timeout")]
    Timeout,

    /// <summary>There is no access token.</summary>
    [JsonStringEnumMemberName("authentication")]
    Authentication,

    /// <summary>The template of the subscription failed on the event.</summary>
    [JsonStringEnumMemberName("template")]
    Template,

    /// <summary>The URL or an address of its host is not allowed.</summary>
    [JsonStringEnumMemberName("forbidden")]
    Forbidden,

    /// <summary>The status was 3xx.</summary>
    [JsonStringEnumMemberName("redirect")]
    Redirect,

    /// <summary>The status was neither 2xx nor 3xx.</summary>
    [JsonStringEnumMemberName("status")]
    Status,
}
