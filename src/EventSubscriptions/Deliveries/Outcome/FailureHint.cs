using EventSubscriptions.Destinations;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>One sentence for a person who reads that a delivery failed: the likely cause, and what to do about it.</summary>
internal static class FailureHint
{
    /// <summary>The hint for a kind of error, and the status where there is one.</summary>
    public static string For(string kind, int? status) => kind switch
    {
        ErrorKind.Dns => "The host name has no address: look for a typing mistake in the URL, and check the DNS records of the domain.",
        ErrorKind.Connect => "Nothing accepts connections there: check that the server runs, listens on the URL's port, and is not behind a firewall.",
        ErrorKind.Tls => "The certificate or the TLS set-up is not accepted: check that the certificate is valid, issued for this host, and sent with its intermediates.",
        ErrorKind.Reset => "The server, or a proxy before it, ended the connection: look in its logs at this time for a crash or a refused request.",
        ErrorKind.Timeout => "The server takes too long: let it answer 2xx as soon as it has stored the event, and work on it afterwards.",
        ErrorKind.Forbidden => "Webhooks go to public addresses over https only: change the URL, or the DNS records of its host, or, in a closed network, set Deliveries__AllowInsecureDestinations.",
        ErrorKind.Redirect => "Redirects are not followed: change the subscription's URL to the one that answers.",
        _ => ForStatus(status),
    };

    private static string ForStatus(int? status) => status switch
    {
        401 or 403 => "The receiver refuses the token: check that the subscription's token is the one it expects.",
        404 => "The path does not exist: check the subscription's URL.",
        410 => "The receiver wants no more events. Unless its URL or token was changed meanwhile, the subscription is deactivated: give it a URL that is in use and activate it, or delete it.",
        408 => "The receiver waited too long for the request: look at the network, and the proxies, between the app and the receiver.",
        405 => "The receiver does not take POST there: check the subscription's URL.",
        400 or 415 or 422 => "The receiver does not accept the request: it must take a JSON body of the type application/json.",
        413 => "The receiver takes no body of this size: raise its limit to at least 192 KiB.",
        425 => "The receiver refuses early data, which is never sent: look at the proxy before it.",
        429 => "The receiver is asked too often: raise its limit, or set a rate limit on the subscription.",
        502 or 504 => "A proxy answers, and the receiver behind it does not: check that the receiver runs and that the proxy reaches it in time.",
        503 => "The receiver is overloaded or closed for maintenance: look at its load, or wait until it is back.",
        >= 500 => "The receiver, or a proxy before it, failed: look in its logs at this time.",
        _ => "Only a 2xx answer means that the event has arrived: look in the receiver's logs at this time.",
    };
}
