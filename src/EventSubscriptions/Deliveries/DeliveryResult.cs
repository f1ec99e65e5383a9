namespace EventSubscriptions.Deliveries;

/// <summary>What became of one POST, before anybody has judged it.</summary>
public sealed record DeliveryResult
{
    /// <summary>When it was sent.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>From name resolution to the end of the answer.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The status of the answer, also of one that broke off.</summary>
    public int? StatusCode { get; init; }

    /// <summary>Why there is no complete answer, or null where there is one.</summary>
    public DeliveryError? Error { get; init; }

    /// <summary>Whether the URL itself is forbidden: nothing was sent, and nothing will be until it is changed.</summary>
    public bool IsUrlForbidden { get; init; }

    /// <summary>Where a redirect points, without query and secrets.</summary>
    public string? Location { get; init; }

    /// <summary>The answer's <c>Retry-After</c> as it came.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>At most the first 1 KiB of the answer, with secrets cut out; null where it was empty.</summary>
    public string? ResponseSnippet { get; init; }
}

/// <summary>Why a delivery failed.</summary>
/// <param name="Kind">One of <see cref="ErrorKind"/>, for programs.</param>
/// <param name="Detail">A sentence for people, without secrets.</param>
public sealed record DeliveryError(string Kind, string Detail);

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
