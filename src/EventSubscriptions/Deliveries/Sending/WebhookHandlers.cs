using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>Creates the handlers that connect to receivers.</summary>
internal sealed class WebhookHandlers(WebhookConnector connector, DeliveriesOptions options)
{
    private readonly CertificateTrust _trust = new(options.TrustedCertificates);

    /// <summary>Creates a handler with connections of its own.</summary>
    /// <param name="connectionLifetime">How long a connection may be reused.</param>
    /// <param name="certificate">What it shows to receivers, or null.</param>
    public SocketsHttpHandler Create(TimeSpan connectionLifetime, SslStreamCertificateContext? certificate = null) =>
        new()
        {
            // The token and the payload go to the URL of the subscription and nowhere else.
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = options.Proxy is not null,
            Proxy = options.Proxy,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectCallback = connector.ConnectAsync,
            PlaintextStreamFilter = ConnectionUse.Filter,
            SslOptions = new()
            {
                ClientCertificateContext = certificate,
                RemoteCertificateValidationCallback = _trust.Callback,
                // A receiver's certificate may name any address to download from, past the checks of destinations.
                CertificateChainPolicy = new() { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck },
            },
            // A connection attempt may outlive its request, but not by much.
            ConnectTimeout = LongestDeadline,
            PooledConnectionLifetime = connectionLifetime,
            EnableMultipleHttp2Connections = true,
            MaxResponseHeadersLength = 16,
            // The rest of a long response is not worth reading.
            MaxResponseDrainSize = 0,
            // The delivery's own trace context is sent.
            ActivityHeadersPropagator = null,
        };

    private TimeSpan LongestDeadline => options.Deadline > SubscriptionRules.MaxDeadline ? options.Deadline : SubscriptionRules.MaxDeadline;
}
