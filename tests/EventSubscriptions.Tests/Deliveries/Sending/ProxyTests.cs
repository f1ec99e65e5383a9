using System.Net;
using System.Security.Cryptography.X509Certificates;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Destinations;
using EventSubscriptions.Options;
using EventSubscriptions.Tests.Scenarios.Harness;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Deliveries.Sending;

public sealed class ProxyTests : WebhookSenderTestBase
{
    private const string Host = "receiver.example";
    private const string Password = "p@ss:w0rd";

    private readonly TestCertificates _certificates = new();

    [Theory]
    [InlineData(null)]
    [InlineData("user:" + Password)]
    public async Task Requests_go_through_the_proxy_to_names_that_it_resolves(string? credentials)
    {
        await using var server = await MutualTlsServer.Start(_certificates.Of(Host), clientAuthority: null);
        await using var proxy = new ConnectProxy { Credentials = credentials };

        var result = await Send(new Uri($"https://{Host}:{server.Url.Port}/in"), Sender(proxy, credentials));

        Assert.Equal(204, result.StatusCode);
        Assert.Equal($"CONNECT {Host}:{server.Url.Port} HTTP/1.1", proxy.Requests.Distinct(StringComparer.Ordinal).Single());
    }

    [Fact]
    public async Task Certificate_of_the_receiver_is_checked_through_the_proxy()
    {
        await using var server = await MutualTlsServer.Start(_certificates.OfAnotherHost(), clientAuthority: null);
        await using var proxy = new ConnectProxy();

        Assert.Equal(ErrorKind.Tls, (await Send(new Uri($"https://{Host}:{server.Url.Port}/in"), Sender(proxy))).Error!.Kind);
    }

    [Theory]
    [InlineData("https://10.0.0.1/")]
    [InlineData("https://169.254.169.254/")]
    [InlineData("http://receiver.example/")]
    public async Task Rules_of_urls_still_apply(string url)
    {
        await using var proxy = new ConnectProxy();

        var result = await Send(new Uri(url), Sender(proxy));

        Assert.True(result.IsUrlForbidden);
        Assert.Empty(proxy.Requests);
    }

    [Theory]
    [InlineData("403 Forbidden", null)]
    [InlineData("502 Bad Gateway", null)]
    [InlineData(null, "user:other")]
    public async Task Refusal_of_the_proxy_is_explained_without_its_password(string? refusal, string? credentials)
    {
        await using var proxy = new ConnectProxy { Refusal = refusal, Credentials = credentials };

        var result = await Send(new Uri($"https://{Host}/"), Sender(proxy, "user:" + Password));

        Assert.Equal(new DeliveryError(ErrorKind.Connect, "The proxy did not connect to the receiver."), result.Error);
    }

    [Fact]
    public async Task Proxy_that_is_down_is_a_failed_connection()
    {
        var proxy = new ConnectProxy();
        var sender = Sender(proxy, "user:" + Password);
        await proxy.DisposeAsync();

        var error = (await Send(new Uri($"https://{Host}/"), sender)).Error!;

        Assert.Equal(ErrorKind.Connect, error.Kind);
        Assert.DoesNotContain("w0rd", error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://proxy.example:3128", "http://proxy.example:3128/", null, null)]
    [InlineData("http://10.0.0.1", "http://10.0.0.1/", null, null)]
    [InlineData("http://user:p%40ss%3Aword@proxy.example:3128/", "http://proxy.example:3128/", "user", "p@ss:word")]
    public void Setting_is_an_address_with_or_without_credentials(string text, string address, string? user, string? password)
    {
        var (proxy, errors) = Read(text);

        Assert.Empty(errors);
        Assert.Equal(address, proxy!.Address!.AbsoluteUri);
        var credentials = (NetworkCredential?)proxy.Credentials;
        Assert.Equal((user, password), (credentials?.UserName, credentials?.Password));
    }

    [Theory]
    [InlineData("proxy.example:3128")]
    [InlineData("https://user:s3cret@proxy.example")]
    [InlineData("http://proxy.example/s3cret")]
    [InlineData("http://proxy.example/?s3cret")]
    [InlineData("socks5://proxy.example")]
    public void Setting_is_refused_when_it_is_not_the_address_of_a_proxy(string text) =>
        Assert.Equal(["Deliveries__Proxy must be http://host:port or http://user:password@host:port"], Read(text).Errors);

    public override void Dispose()
    {
        base.Dispose();
        _certificates.Dispose();
    }

    private WebhookSender Sender(ConnectProxy proxy, string? credentials = null) =>
        Services(
                new DeliveriesOptions
                {
                    TrustedCertificates = [X509CertificateLoader.LoadCertificate(_certificates.Authority.RawData)],
                    Proxy = Read($"http://{(credentials is null ? "" : Escaped(credentials) + "@")}{proxy.Address}").Proxy,
                },
                new DestinationOptions()
            )
            .GetRequiredService<WebhookSender>();

    private static string Escaped(string credentials) => string.Join(':', credentials.Split(':', 2).Select(Uri.EscapeDataString));

    private static (WebProxy? Proxy, IReadOnlyList<string> Errors) Read(string text)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Deliveries:Proxy"] = text };
        var reader = new OptionsReader(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        return (DeliveriesOptions.Read(reader).Proxy, reader.Errors);
    }
}
