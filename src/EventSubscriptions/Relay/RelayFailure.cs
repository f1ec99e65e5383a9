namespace EventSubscriptions.Relay;

/// <summary>Why a poll failed at Relay.</summary>
/// <param name="Kind">For programs.</param>
/// <param name="Detail">A sentence for people, without secrets.</param>
internal sealed record RelayFailure(RelayErrorKind Kind, string Detail)
{
    /// <summary>The status of the response.</summary>
    public int? StatusCode { get; init; }

    /// <summary>The start of the response, with the key removed.</summary>
    public string? ResponseSnippet { get; init; }

    /// <summary>Until when Relay asks for no requests.</summary>
    public DateTimeOffset? CooldownUntil { get; init; }

    /// <summary>Whether a smaller limit might help: Relay may not accept this one, or be too slow for it.</summary>
    public bool MayBeForLimit => this is { StatusCode: 400 or 413 or 422 } or { Kind: RelayErrorKind.Timeout };

    /// <summary>A word for what must be done about it. While it stays the same, it is still the failure that was audited.</summary>
    public string State =>
        this switch
        {
            { StatusCode: 401 or 403 } => "refused",
            { StatusCode: 404 } => "unknown",
            { StatusCode: 408 or 429 or >= 500 } => "unavailable",
            { Kind: RelayErrorKind.Dns or RelayErrorKind.Connect or RelayErrorKind.Reset or RelayErrorKind.Timeout } => "unavailable",
            _ => Kind.ToName(),
        };

    /// <summary>The likely cause, and what to do about it.</summary>
    public string Hint =>
        Kind switch
        {
            RelayErrorKind.Dns =>
                "The host name could not be resolved: check Relay__BaseAddress for typos, and this machine's name resolution.",
            RelayErrorKind.Connect =>
                "The server does not accept connections: check Relay__BaseAddress, and whether a firewall blocks the app.",
            RelayErrorKind.Tls =>
                "The TLS handshake failed: check Relay__BaseAddress, and whether a proxy between the app and Relay inspects TLS.",
            RelayErrorKind.Reset => "The connection was closed. Every poll retries; check the network if it lasts.",
            RelayErrorKind.Timeout => "Relay is too slow. Every poll retries; check the network, and contact Relay if it lasts.",
            RelayErrorKind.Redirect =>
                "Redirects are not followed, because the API key would be sent along: set Relay__BaseAddress to the final address.",
            RelayErrorKind.Malformed =>
                "The response does not match the Relay API: check Relay__BaseAddress, and ask Relay whether the API has changed.",
            RelayErrorKind.TooLarge =>
                "Even a few events exceed the largest response that the app accepts: ask Relay about events of this size.",
            _ => HintForStatus(StatusCode),
        };

    private static string HintForStatus(int? status) =>
        status switch
        {
            401 or 403 =>
                "Relay rejected the API key: check that ApiKey is correct and belongs to this subscriber. Relay's support issues keys.",
            404 => "Relay doesn't know the subscriber: check its SubscriberId, which the Relay Dash shows, and Relay__BaseAddress.",
            429 =>
                "Relay gets too many requests: poll less often (RelaySchedule), and check what else uses the same key. The app waits as long as Relay asks.",
            408 or >= 500 => "Relay is unavailable. Every poll retries, and nothing is lost in between.",
            _ => "The response does not match the Relay API: check Relay__BaseAddress, and ask Relay whether the API has changed.",
        };
}
