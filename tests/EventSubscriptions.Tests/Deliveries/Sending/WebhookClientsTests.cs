using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Destinations;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Tests.Scenarios.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Deliveries.Sending;

public sealed class WebhookClientsTests : WebhookSenderTestBase
{
    private readonly TestClock _clock = new();
    private readonly TestCertificates _certificates = new();
    private readonly WebhookClients _clients;

    public WebhookClientsTests() =>
        _clients = Services(new DeliveriesOptions(), new DestinationOptions(), _clock).GetRequiredService<WebhookClients>();

    [Fact]
    public void Clients_of_a_subscription_are_disposed_when_they_were_idle_for_a_while()
    {
        _clients.Rent(New()).Dispose();
        _clock.Advance(WebhookClients.MaxIdleTime / 2);
        Assert.Equal(1, _clients.Count);

        _clock.Advance(WebhookClients.MaxIdleTime);

        Assert.Equal(0, _clients.Count);
    }

    [Fact]
    public async Task Clients_in_use_are_kept_until_their_requests_have_ended()
    {
        var subscription = New();
        var lease = _clients.Rent(subscription);
        _clients.Rent(subscription with { ClientCertificate = _certificates.OfClient("New") }).Dispose();
        _clock.Advance(WebhookClients.MaxIdleTime * 2);

        using var request = new HttpRequestMessage(HttpMethod.Post, "https://127.0.0.1:1/");
        await Assert.ThrowsAsync<HttpRequestException>(() => lease.SendAsync(request, onNewConnection: false, default));
        lease.Dispose();
        using var late = new HttpRequestMessage(HttpMethod.Post, "https://127.0.0.1:1/");
        await Assert.ThrowsAsync<ObjectDisposedException>(() => lease.SendAsync(late, onNewConnection: false, default));
    }

    [Fact]
    public void Idle_clients_are_limited_to_those_used_last()
    {
        var certificate = _certificates.OfClient();
        for (var i = 0; i < WebhookClients.MaxIdle + 10; i++)
        {
            _clients.Rent(New(certificate)).Dispose();
        }

        Assert.Equal(WebhookClients.MaxIdle, _clients.Count);
    }

    [Fact]
    public void Idle_clients_are_limited_when_many_requests_end()
    {
        var certificate = _certificates.OfClient();
        var leases = Enumerable.Range(0, WebhookClients.MaxIdle + 10).Select(_ => _clients.Rent(New(certificate))).ToList();

        leases.ForEach(lease => lease.Dispose());

        Assert.Equal(WebhookClients.MaxIdle, _clients.Count);
    }

    [Fact]
    public void Subscriptions_without_a_certificate_have_no_clients_of_their_own()
    {
        _clients.Rent(Subscription(new Uri("https://example.com/"))).Dispose();

        Assert.Equal(0, _clients.Count);
    }

    public override void Dispose()
    {
        base.Dispose();
        _certificates.Dispose();
    }

    private Subscription New(ClientCertificate? certificate = null) =>
        Subscription(new Uri("https://example.com/")) with
        {
            Id = SubscriptionId.New(_clock),
            ClientCertificate = certificate ?? _certificates.OfClient(),
        };
}
