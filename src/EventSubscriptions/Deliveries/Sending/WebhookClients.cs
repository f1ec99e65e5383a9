using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>
/// The HTTP clients of subscriptions: those with a client certificate have their own, so that no connection is ever used by another
/// subscription; all others share one.
/// </summary>
public sealed class WebhookClients : IDisposable
{
    public const string ClientName = "webhooks";

    /// <summary>The name of the HTTP client that opens a connection for each request.</summary>
    public const string NewConnectionClientName = "webhooks on new connections";

    /// <summary>The most clients of subscriptions that are kept while they have no requests.</summary>
    internal const int MaxIdle = 256;

    /// <summary>How long they are kept. A deleted subscription has no more requests, either.</summary>
    internal static readonly TimeSpan MaxIdleTime = TimeSpan.FromMinutes(2);

    /// <summary>So that a receiver that changes its address is followed.</summary>
    internal static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2);

    private readonly WebhookHandlers _handlers;
    private readonly TimeProvider _time;
    private readonly ITimer _cleaning;
    private readonly Lock _lock = new();
    private readonly Dictionary<SubscriptionId, OwnClients> _own = [];
    private readonly HttpClient _shared;
    private readonly HttpClient _sharedForNewConnections;

    internal WebhookClients(IHttpClientFactory clients, WebhookHandlers handlers, TimeProvider time)
    {
        _handlers = handlers;
        _time = time;
        _shared = clients.CreateClient(ClientName);
        _sharedForNewConnections = clients.CreateClient(NewConnectionClientName);
        _cleaning = time.CreateTimer(_ => Clean(), state: null, MaxIdleTime, MaxIdleTime / 4);
    }

    /// <summary>The client of subscriptions without a client certificate.</summary>
    internal HttpClient Shared => _shared;

    /// <summary>How many subscriptions have their own clients.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
            {
                return _own.Count;
            }
        }
    }

    /// <summary>The clients of a subscription, until the lease is disposed.</summary>
    internal Lease Rent(Subscription subscription)
    {
        if (subscription.ClientCertificate is not { } certificate)
        {
            return new Lease(this, own: null);
        }

        lock (_lock)
        {
            if (_own.TryGetValue(subscription.Id, out var known) && known.Certificate != certificate)
            {
                Retire(subscription.Id, known);
                known = null;
            }

            if (known is null)
            {
                if (_own.Count >= MaxIdle && Idle().OrderBy(item => item.Value.UsedAt).FirstOrDefault() is { Value: { } oldest } item)
                {
                    Retire(item.Key, oldest);
                }

                _own.Add(subscription.Id, known = new OwnClients(subscription.Id, certificate, _handlers));
            }

            known.Requests++;
            return new Lease(this, known);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cleaning.Dispose();
        lock (_lock)
        {
            foreach (var (id, clients) in _own.ToList())
            {
                Retire(id, clients);
            }
        }
    }

    private void End(OwnClients clients)
    {
        lock (_lock)
        {
            clients.UsedAt = _time.GetTimestamp();
            if (--clients.Requests > 0)
            {
                return;
            }

            if (clients.IsRetired)
            {
                clients.Dispose();
            }
            else if (_own.Count > MaxIdle)
            {
                Retire(clients.Subscription, clients);
            }
        }
    }

    private void Clean()
    {
        lock (_lock)
        {
            foreach (var (id, clients) in Idle().Where(item => _time.GetElapsedTime(item.Value.UsedAt) >= MaxIdleTime).ToList())
            {
                Retire(id, clients);
            }
        }
    }

    private IEnumerable<KeyValuePair<SubscriptionId, OwnClients>> Idle() => _own.Where(item => item.Value.Requests == 0);

    /// <summary>Removes clients, which are disposed as soon as their requests have ended.</summary>
    private void Retire(SubscriptionId id, OwnClients clients)
    {
        _own.Remove(id);
        clients.IsRetired = true;
        if (clients.Requests == 0)
        {
            clients.Dispose();
        }
    }

    /// <summary>The clients of a subscription, which stay open until this is disposed.</summary>
    internal readonly struct Lease(WebhookClients clients, OwnClients? own) : IDisposable
    {
        /// <summary>Sends a request, and returns when the headers of the response are read.</summary>
        /// <param name="request">The request.</param>
        /// <param name="onNewConnection">Whether it opens a connection of its own.</param>
        /// <param name="cancellationToken">Ends the request.</param>
        public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, bool onNewConnection, CancellationToken cancellationToken)
        {
            if (own is not null)
            {
                return (onNewConnection ? own.NewConnections : own.Connections).SendAsync(request, cancellationToken);
            }

            var client = onNewConnection ? clients._sharedForNewConnections : clients._shared;
            return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }

        public void Dispose()
        {
            if (own is not null)
            {
                clients.End(own);
            }
        }
    }

    /// <summary>The clients of one subscription.</summary>
    internal sealed class OwnClients : IDisposable
    {
        private readonly X509Certificate2 _certificate;
        private readonly X509Certificate2Collection _intermediates;

        public OwnClients(SubscriptionId subscription, ClientCertificate certificate, WebhookHandlers handlers)
        {
            Subscription = subscription;
            Certificate = certificate;
            (_certificate, _intermediates) = certificate.Load();
            // Offline: it doesn't download intermediates from addresses that the certificate names.
            var context = SslStreamCertificateContext.Create(_certificate, _intermediates, offline: true);
            Connections = new HttpMessageInvoker(handlers.Create(ConnectionLifetime, context));
            NewConnections = new HttpMessageInvoker(handlers.Create(TimeSpan.Zero, context));
        }

        public SubscriptionId Subscription { get; }

        public ClientCertificate Certificate { get; }

        public HttpMessageInvoker Connections { get; }

        /// <summary>Opens a connection for each request.</summary>
        public HttpMessageInvoker NewConnections { get; }

        /// <summary>How many requests use them.</summary>
        public int Requests { get; set; }

        /// <summary>The timestamp of the end of the last request.</summary>
        public long UsedAt { get; set; }

        public bool IsRetired { get; set; }

        public void Dispose()
        {
            Connections.Dispose();
            NewConnections.Dispose();
            _certificate.Dispose();
            foreach (var intermediate in _intermediates)
            {
                intermediate.Dispose();
            }
        }
    }
}
