namespace EventSubscriptions.Destinations;

/// <summary>Why a request failed.</summary>
public static class ErrorKind
{
    /// <summary>The host name could not be resolved.</summary>
    public const string Dns = "dns";

    /// <summary>No address of the host accepted a connection.</summary>
    public const string Connect = "connect";

    /// <summary>The TLS handshake failed.</summary>
    public const string Tls = "tls";

    /// <summary>The connection was closed, or the response was not valid HTTP.</summary>
    public const string Reset = "reset";

    /// <summary>The deadline passed.</summary>
    public const string Timeout = "timeout";

    /// <summary>The URL or an address of its host is not allowed.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>The status was 3xx.</summary>
    public const string Redirect = "redirect";

    /// <summary>The status was neither 2xx nor 3xx.</summary>
    public const string Status = "status";
}
