using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Destinations;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Tests.Scenarios.Harness;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Deliveries.Sending;

public sealed class ClientCertificateTests : WebhookSenderTestBase
{
    private readonly TestCertificates _certificates = new();
    private readonly TestCertificates _others = new();

    [Theory]
    [InlineData(HttpProtocols.Http1, SslProtocols.Tls12)]
    [InlineData(HttpProtocols.Http1, SslProtocols.Tls13)]
    [InlineData(HttpProtocols.Http2, SslProtocols.Tls12)]
    [InlineData(HttpProtocols.Http2, SslProtocols.Tls13)]
    public async Task Receiver_accepts_the_right_certificate_only(HttpProtocols http, SslProtocols tls)
    {
        await using var server = await MutualTlsServer.Start(_certificates.Valid(), _certificates.Authority, http, tls);
        var sender = Services().GetRequiredService<WebhookSender>();
        var right = _certificates.OfClient();

        var without = await Send(Subscription(server.Url), sender);
        var wrong = await Send(With(server.Url, _others.OfClient()), sender);
        var accepted = await Send(With(server.Url, right), sender);

        // This server sends no alert.
        Assert.Equal((ErrorKind.Reset, ErrorKind.Tls), (without.Error?.Kind, wrong.Error?.Kind));
        Assert.Equal("The receiver closed the connection when it got the client certificate (no alert).", wrong.Error!.Detail);
        Assert.Equal(204, accepted.StatusCode);
        Assert.Equal(right.Details.Thumbprint, Assert.Single(server.Requests).Thumbprint);
    }

    [FactWhereInstalled("openssl")]
    public Task Alert_of_the_receiver_is_shown_in_Tls_1_2() => Alert_is_shown("tls1_2");

    [FactWhereInstalled("openssl")]
    public Task Alert_of_the_receiver_is_shown_in_Tls_1_3() => Alert_is_shown("tls1_3");

    [Fact]
    public async Task Receiver_that_wants_no_certificate_closes_for_other_reasons()
    {
        await using var server = await MutualTlsServer.Start(_certificates.Valid(), clientAuthority: null);
        var sender = Services().GetRequiredService<WebhookSender>();

        Assert.Equal(204, (await Send(With(server.Url, _certificates.OfClient()), sender)).StatusCode);
        Assert.Equal("", Assert.Single(server.Requests).Thumbprint);
    }

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task Connections_are_not_shared_with_another_subscription(HttpProtocols http)
    {
        await using var server = await MutualTlsServer.Start(_certificates.Valid(), _certificates.Authority, http);
        var sender = Services().GetRequiredService<WebhookSender>();
        var certificate = _certificates.OfClient();
        Subscription[] subscriptions =
        [
            With(server.Url, certificate),
            With(server.Url, _certificates.OfClient("Other")),
            With(server.Url, certificate),
        ];

        foreach (var subscription in subscriptions.Concat(subscriptions))
        {
            Assert.Equal(204, (await Send(subscription, sender)).StatusCode);
        }

        var used = server.Requests.Zip(subscriptions.Concat(subscriptions), (request, subscription) => (subscription, request)).ToList();
        Assert.Equal(3, used.Select(item => item.request.Connection).Distinct(StringComparer.Ordinal).Count());
        Assert.All(used, item => Assert.Equal(item.subscription.ClientCertificate!.Details.Thumbprint, item.request.Thumbprint));
    }

    [Fact]
    public async Task Changed_certificate_is_shown_on_a_new_connection()
    {
        await using var server = await MutualTlsServer.Start(_certificates.Valid(), _certificates.Authority);
        var services = Services();
        var subscription = With(server.Url, _certificates.OfClient());
        var changed = subscription with { ClientCertificate = _certificates.OfClient("New") };

        await Send(subscription, services.GetRequiredService<WebhookSender>());
        await Send(changed, services.GetRequiredService<WebhookSender>());

        Assert.Equal(
            [subscription.ClientCertificate!.Details.Thumbprint, changed.ClientCertificate.Details.Thumbprint],
            server.Requests.Select(request => request.Thumbprint)
        );
        Assert.Equal(1, services.GetRequiredService<WebhookClients>().Count);
    }

    private async Task Alert_is_shown(string tls)
    {
        await using var server = await OpenSslServer.Start(_certificates, tls);
        var sender = Services().GetRequiredService<WebhookSender>();

        var without = await Send(Subscription(server.Url), sender);
        var wrong = await Send(With(server.Url, _others.OfClient()), sender);

        Assert.Equal((ErrorKind.Tls, ErrorKind.Tls), (without.Error?.Kind, wrong.Error?.Kind));
        Assert.StartsWith("TLS handshake failed: ", without.Error!.Detail, StringComparison.Ordinal);
        Assert.Contains("alert", without.Error.Detail, StringComparison.Ordinal);
        Assert.Contains("alert", wrong.Error!.Detail, StringComparison.Ordinal);
        Assert.Contains("client certificate", FailureHint.For(ErrorKind.Tls, status: null), StringComparison.Ordinal);
    }

    public override void Dispose()
    {
        base.Dispose();
        _certificates.Dispose();
        _others.Dispose();
    }

    private ServiceProvider Services(TimeProvider? time = null) =>
        Services(
            new DeliveriesOptions { TrustedCertificates = [X509CertificateLoader.LoadCertificate(_certificates.Authority.RawData)] },
            new DestinationOptions { AllowInsecureDestinations = true },
            time
        );

    private static Subscription With(Uri url, ClientCertificate certificate) =>
        Subscription(url) with
        {
            Id = SubscriptionId.New(TimeProvider.System),
            ClientCertificate = certificate,
        };
}
