using System.Text.Json.Serialization;

namespace EventSubscriptions.Relay;

/// <summary>Why a poll failed.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RelayErrorKind>))]
internal enum RelayErrorKind
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

    /// <summary>The status was 3xx.</summary>
    [JsonStringEnumMemberName("redirect")]
    Redirect,

    /// <summary>The status was neither 2xx nor 3xx.</summary>
    [JsonStringEnumMemberName("status")]
    Status,

    /// <summary>The response is not what the API documents.</summary>
    [JsonStringEnumMemberName("malformed")]
    Malformed,

    /// <summary>The response is larger than <see cref="RelayClient.MaxResponseBytes"/>, even with the smallest limit.</summary>
    [JsonStringEnumMemberName("tooLarge")]
    TooLarge,
}
