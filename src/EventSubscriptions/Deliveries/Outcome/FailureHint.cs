using EventSubscriptions.Destinations;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>The likely cause of a failed attempt, and what to do about it.</summary>
internal static class FailureHint
{
    /// <summary>The hint for a kind of error, and the status if there is one.</summary>
    public static string For(ErrorKind kind, int? status) =>
        kind switch
        {
            ErrorKind.Dns => "The host name could not be resolved: check the URL for typos, and the DNS records of the domain.",
            ErrorKind.Connect =>
                "The server does not accept connections: check that it is running, listens on the URL's port, and is not blocked by a firewall.",
            ErrorKind.Tls =>
                "The TLS handshake failed: check that the receiver's certificate is valid, issued for this host, and sent with its intermediates; that an internal authority is in Deliveries__TrustedCertificates; and, if the receiver asks for a client certificate, that the subscription has the right one.",
            ErrorKind.Reset =>
                "The server, or a proxy in front of it, closed the connection: check its logs at this time for a crash, a rejected request or a missing client certificate.",
            ErrorKind.Timeout => "The server is too slow: return 2xx as soon as the event is stored, and process it afterwards.",
            ErrorKind.Authentication =>
                "The request for an access token failed: check the token URL, the client id, the client secret and the scope of the subscription, or the managed identity and its resource.",
            ErrorKind.Template =>
                "The template can't handle this event: preview it with the event, and allow for fields that are missing or of another type.",
            ErrorKind.Forbidden =>
                "Webhooks go to public addresses over https only: change the URL, or the DNS records of its host, or, for an internal receiver, set Deliveries__AllowedNetworks.",
            ErrorKind.Redirect => "Redirects are not followed: change the subscription's URL to the final one.",
            _ => ForStatus(status),
        };

    private static string ForStatus(int? status) =>
        status switch
        {
            401 or 403 => "The receiver rejected the credentials: check that the subscription has those that it expects.",
            404 => "The path does not exist: check the subscription's URL.",
            410 =>
                "The receiver returned 410 Gone. Unless its URL, credentials or headers have changed meanwhile, the subscription was deactivated: change its URL and activate it, or delete it.",
            408 => "The receiver waited too long for the request: check the network and the proxies between the app and the receiver.",
            405 => "The receiver does not accept POST requests there: check the subscription's URL.",
            400 or 415 or 422 =>
                "The receiver rejected the request: check that it accepts the subscription's format, which is JSON (application/json) unless another is chosen.",
            413 => "The receiver rejected the size of the body: raise its limit to at least 192 KiB.",
            425 => "The receiver rejected early data, which is never sent: check the proxy in front of it.",
            429 => "The receiver gets too many requests: raise its limit, or set a rate limit on the subscription.",
            502 or 504 =>
                "A proxy responded, but not the receiver behind it: check that the receiver is running and that the proxy reaches it in time.",
            503 => "The receiver is overloaded or in maintenance: check its load, or wait until it is back.",
            >= 500 => "The receiver, or a proxy in front of it, failed: check its logs at this time.",
            _ => "Only a 2xx status acknowledges an event: check the receiver's logs at this time.",
        };
}
