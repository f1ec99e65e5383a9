using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>A network that can be left through a proxy only.</summary>
public sealed class ProxyScenarios
{
    [Fact]
    public async Task Deliveries_go_through_the_proxy_and_its_password_is_not_in_the_output()
    {
        using var certificates = new TestCertificates();
        await using var server = await MutualTlsServer.Start(certificates.Of("receiver.example"), clientAuthority: null);
        await using var proxy = new ConnectProxy { Credentials = "user:password-of-the-proxy" };
        await using var app = await AppProcess.Start(
            ("Deliveries__AllowInsecureDestinations", "false"),
            ("Deliveries__TrustedCertificates", await File.ReadAllTextAsync(certificates.TrustFile)),
            ("Deliveries__Proxy", $"http://user:password-of-the-proxy@{proxy.Address}"),
            ("Logging__LogLevel__Default", "Trace"),
            ("Logging__LogLevel__System", "Trace")
        );
        var organization = Organization.New(app);

        var subscription = await organization.Subscribe(new Uri($"https://receiver.example:{server.Url.Port}/in"));
        await organization.PublishCase();
        await subscription.Attempted("delivered", 1);

        Assert.Equal($"CONNECT receiver.example:{server.Url.Port} HTTP/1.1", proxy.Requests[^1]);
        Assert.Single(server.Requests);
        Assert.DoesNotContain("password-of-the-proxy", app.Output, StringComparison.Ordinal);
    }
}
