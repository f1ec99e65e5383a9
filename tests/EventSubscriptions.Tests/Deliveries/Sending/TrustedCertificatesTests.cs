using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Destinations;
using EventSubscriptions.Options;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Tests.Scenarios.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Deliveries.Sending;

public sealed class TrustedCertificatesTests : WebhookSenderTestBase
{
    private readonly TestCertificates _certificates = new();

    [Fact]
    public async Task Receiver_with_a_certificate_of_an_internal_authority_is_trusted_when_the_setting_has_it()
    {
        await using var server = await MutualTlsServer.Start(_certificates.Valid(), clientAuthority: null);
        using var others = new TestCertificates();

        Assert.Equal(ErrorKind.Tls, (await Send(server.Url)).Error?.Kind);
        Assert.Equal(ErrorKind.Tls, (await Send(server.Url, Sender(others.Authority))).Error?.Kind);
        Assert.Equal(204, (await Send(server.Url, Sender(others.Authority, _certificates.Authority))).StatusCode);
    }

    [Fact]
    public async Task Nothing_is_downloaded_from_an_address_in_a_certificate()
    {
        await using var download = await Receiver.Start();
        var hook = download.NewHook();
        using var others = new TestCertificates();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");

        foreach (var sender in (WebhookSender[])[Sender(), Sender(others.Authority)])
        {
            var sending = Send(url, sender);
            await ShakeHandsAsync(listener, _certificates.ValidWithAuthorityAt(hook.Url));
            Assert.Equal(ErrorKind.Tls, (await sending).Error?.Kind);
        }

        Assert.Equal(0, hook.Count);
    }

    /// <summary>A server that shows a certificate without its issuer, for which Kestrel would look, too.</summary>
    private static async Task ShakeHandsAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await using var stream = new SslStream(client.GetStream());
        var context = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        await Record.ExceptionAsync(() =>
            stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = context })
        );
        await Record.ExceptionAsync(() => stream.CopyToAsync(Stream.Null));
    }

    [Fact]
    public async Task Certificate_of_an_internal_authority_must_be_of_the_host_and_not_expired()
    {
        await using var elsewhere = await MutualTlsServer.Start(_certificates.OfAnotherHost(), clientAuthority: null);
        await using var expired = await MutualTlsServer.Start(_certificates.Expired(), clientAuthority: null);

        Assert.Equal(ErrorKind.Tls, (await Send(elsewhere.Url, Sender(_certificates.Authority))).Error?.Kind);
        Assert.Equal(ErrorKind.Tls, (await Send(expired.Url, Sender(_certificates.Authority))).Error?.Kind);
        Assert.Empty(elsewhere.Requests.Concat(expired.Requests));
    }

    [Fact]
    public async Task Token_endpoint_with_a_certificate_of_an_internal_authority_is_trusted()
    {
        await using var endpoint = await MutualTlsServer.Start(
            _certificates.Valid(),
            clientAuthority: null,
            response: context => context.Response.WriteAsync("""{"access_token":"t"}""")
        );
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));
        var subscription = Subscription(receiver.Url) with
        {
            Authentication = new SubscriptionAuthentication.OAuth2(
                endpoint.Url,
                "client",
                new Secret("secret"),
                Scope: null,
                Audience: null,
                ClientAuthentication.Basic
            ),
        };

        Assert.Equal(ErrorKind.Authentication, (await Send(subscription)).Error?.Kind);
        Assert.Equal(200, (await Send(subscription, Sender(_certificates.Authority))).StatusCode);
    }

    [Fact]
    public void Setting_has_one_or_more_certificates_with_any_kind_of_line_breaks()
    {
        using var others = new TestCertificates();
        var pem = File.ReadAllText(_certificates.TrustFile).Trim();

        foreach (var text in new[] { pem, pem.Replace('\n', ' '), pem.Replace("\n", "\\n", StringComparison.Ordinal), $"# ours\r\n{pem}" })
        {
            var (read, errors) = Read($"{text}\n{File.ReadAllText(others.TrustFile)}");
            Assert.Empty(errors);
            Assert.Equal([_certificates.Authority.Thumbprint, others.Authority.Thumbprint], read.Select(one => one.Thumbprint));
        }
    }

    [Theory]
    [InlineData("s3cret")]
    [InlineData("/etc/ssl/s3cret.pem")]
    [InlineData("-----BEGIN CERTIFICATE----- s3cret -----END CERTIFICATE-----")]
    [InlineData("-----BEGIN CERTIFICATE----- AAAA -----END CERTIFICATE-----")]
    public void Setting_is_refused_when_it_has_no_certificate(string text) =>
        Assert.Equal(
            ["Deliveries__TrustedCertificates must be one or more certificates in PEM, from -----BEGIN CERTIFICATE----- on"],
            Read(text).Errors
        );

    [Fact]
    public void Setting_is_refused_when_a_certificate_is_not_a_root() =>
        Assert.Equal(
            ["Deliveries__TrustedCertificates must be root certificates of authorities; number 2 was issued by another certificate"],
            Read(File.ReadAllText(_certificates.TrustFile) + "\n" + _certificates.Valid().ExportCertificatePem()).Errors
        );

    public override void Dispose()
    {
        base.Dispose();
        _certificates.Dispose();
    }

    private WebhookSender Sender(params X509Certificate2[] authorities) =>
        Services(
                new DeliveriesOptions
                {
                    TrustedCertificates = [.. authorities.Select(authority => X509CertificateLoader.LoadCertificate(authority.RawData))],
                },
                new DestinationOptions { AllowInsecureDestinations = true }
            )
            .GetRequiredService<WebhookSender>();

    private static (X509Certificate2Collection Certificates, IReadOnlyList<string> Errors) Read(string text)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Deliveries:TrustedCertificates"] = text };
        var reader = new OptionsReader(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        return (DeliveriesOptions.Read(reader).TrustedCertificates, reader.Errors);
    }
}
