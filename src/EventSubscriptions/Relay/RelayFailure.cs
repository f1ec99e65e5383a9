using EventSubscriptions.Destinations;

namespace EventSubscriptions.Relay;

/// <summary>Why a poll failed that was Relay's to answer.</summary>
/// <param name="Kind">One of <see cref="ErrorKind"/> or of the constants here, for programs.</param>
/// <param name="Detail">A sentence for people, without secrets.</param>
internal sealed record RelayFailure(string Kind, string Detail)
{
    /// <summary>The answer isn't what the API promises.</summary>
    public const string Malformed = "malformed";

    /// <summary>The answer is larger than <see cref="RelayClient.MaxResponseBytes"/>, however few events are asked for.</summary>
    public const string TooLarge = "tooLarge";

    /// <summary>The answer's status.</summary>
    public int? StatusCode { get; init; }

    /// <summary>The start of the answer, with the key cut out.</summary>
    public string? ResponseSnippet { get; init; }

    /// <summary>Until when Relay asks not to be asked.</summary>
    public DateTimeOffset? RestUntil { get; init; }

    /// <summary>Whether fewer events at once might be answered: more than Relay takes for a limit, or can bring together in time.</summary>
    public bool MayBeForLimit => this is { StatusCode: 400 or 413 or 422 } or { Kind: ErrorKind.Timeout };

    /// <summary>What is to be done about it, in one word: while this stays the same, the failure is still the one that was audited.</summary>
    public string State => this switch
    {
        { StatusCode: 401 or 403 } => "refused",
        { StatusCode: 404 } => "unknown",
        { StatusCode: 408 or 429 or >= 500 } => "unavailable",
        { Kind: ErrorKind.Dns or ErrorKind.Connect or ErrorKind.Reset or ErrorKind.Timeout } => "unavailable",
        _ => Kind,
    };

    /// <summary>The likely cause, and what to do about it.</summary>
    public string Hint => Kind switch
    {
        ErrorKind.Dns => "The host name has no address: look for a typing mistake in Relay__BaseAddress, and check this machine's name resolution.",
        ErrorKind.Connect => "Nothing accepts connections there: check Relay__BaseAddress, and whether a firewall lets the app out.",
        ErrorKind.Tls => "The certificate is not accepted: check Relay__BaseAddress, and whether something between the app and Relay opens TLS connections.",
        ErrorKind.Reset => "The connection broke: it is tried again with every poll. Look at the network if it lasts.",
        ErrorKind.Timeout => "Relay takes too long: it is asked again with every poll. Look at the network, and ask Relay if it lasts.",
        ErrorKind.Redirect => "Redirects are not followed, since the API key would go along: set Relay__BaseAddress to the address that answers.",
        Malformed => "This is not what the Relay API promises: check Relay__BaseAddress, and ask Relay whether the API has changed.",
        TooLarge => "A few events alone exceed what the app takes at once: ask Relay about events of this size.",
        _ => HintForStatus(StatusCode),
    };

    private static string HintForStatus(int? status) => status switch
    {
        401 or 403 => "Relay refuses the API key: check the subscriber's ApiKey, and that it is this subscriber's. Relay's support issues keys.",
        404 => "Relay doesn't know the subscriber: check its SubscriberId, which the Relay Dash shows, and Relay__BaseAddress.",
        429 => "Relay is asked too often: poll less often (RelaySchedule), and check what else uses the same key. The app waits as long as Relay asks for.",
        408 or >= 500 => "Relay is in trouble: it is asked again with every poll, and nothing is lost in between.",
        _ => "This is not what the Relay API promises: check Relay__BaseAddress, and ask Relay whether the API has changed.",
    };
}
