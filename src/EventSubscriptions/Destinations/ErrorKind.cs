namespace EventSubscriptions.Destinations;

/// <summary>The kinds of errors.</summary>
public static class ErrorKind
{
    /// <summary>The host's name has no address.</summary>
    public const string Dns = "dns";

    /// <summary>No address of the host takes connections.</summary>
    public const string Connect = "connect";

    /// <summary>No secure connection came about.</summary>
    public const string Tls = "tls";

    /// <summary>The connection broke, or what came over it is not HTTP.</summary>
    public const string Reset = "reset";

    /// <summary>The deadline passed.</summary>
    public const string Timeout = "timeout";

    /// <summary>The guard refused the URL, or an address of its host.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>The answer is a 3xx.</summary>
    public const string Redirect = "redirect";

    /// <summary>The answer is any other status than 2xx.</summary>
    public const string Status = "status";
}
