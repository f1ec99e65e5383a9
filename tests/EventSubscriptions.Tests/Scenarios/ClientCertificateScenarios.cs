using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Receivers with mutual TLS and a certificate of an internal authority.</summary>
public sealed class ClientCertificateScenarios : IAsyncLifetime, IDisposable
{
    private readonly TestCertificates _certificates = new();
    private AppProcess _app = null!;

    public async Task InitializeAsync() =>
        _app = await AppProcess.Start(
            ("Deliveries__TrustedCertificates", await File.ReadAllTextAsync(_certificates.TrustFile)),
            ("Deliveries__RetrySchedule", "00:00:01,00:00:01,00:00:01,00:00:01,00:00:01,00:00:01,00:00:01,00:00:01")
        );

    public async Task DisposeAsync() => await _app.DisposeAsync();

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task Receiver_with_mutual_Tls_gets_events_with_the_right_certificate_only()
    {
        await using var server = await MutualTlsServer.Start(_certificates.Valid(), _certificates.Authority);
        using var others = new TestCertificates();
        var organization = Organization.New(_app);
        var subscription = await organization.Subscribe(server.Url);
        var right = _certificates.OfClient();

        await subscription.Change(Change(others.OfClient()));
        await organization.PublishCase();
        var refused = (await organization.Audited("delivery.failed", 1))[0].Error!;
        var shown = (await subscription.Change(Change(right))).ClientCertificate!;
        await subscription.Attempted("delivered", 1);

        Assert.Equal("tls", refused.Kind);
        Assert.Contains("client certificate", refused.Hint, StringComparison.Ordinal);
        Assert.Equal(("CN=Client", right.Details.Thumbprint), (shown.Subject, shown.Thumbprint));
        Assert.Equal(right.Details.Thumbprint, Assert.Single(server.Requests).Thumbprint);
    }

    [Fact]
    public async Task Host_of_a_certificate_of_an_internal_authority_is_checked()
    {
        await using var server = await MutualTlsServer.Start(_certificates.OfAnotherHost(), clientAuthority: null);
        var subscription = await Organization.New(_app).Subscribe(server.Url);

        Assert.Equal("tls", (await subscription.Test()).Error!.Kind);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Expiry_is_audited_once_even_after_a_restart()
    {
        await using var app = await AppProcess.Start(("RetentionSchedule", "* * * * * *"));
        var organization = Organization.New(app);
        var expiring = Change(_certificates.OfClient(until: DateTimeOffset.UtcNow.AddDays(13)));
        var url = new Uri("https://example.com/");
        var first = await organization.Subscribe(url);
        await first.Change(expiring);
        await organization.Audited("subscription.certificateExpiring", 1);

        await app.Stop();
        await app.StartAgain();
        var second = await organization.Subscribe(url);
        await second.Change(expiring);
        var entries = await organization.Audited("subscription.certificateExpiring", 2);

        // The run that has audited the second one has checked the first one again.
        Assert.Equal([second.Id, first.Id], entries.Select(entry => entry.SubscriptionId));
    }

    private static object Change(ClientCertificate certificate) =>
        new { clientCertificate = new { certificate = certificate.Certificate, privateKey = certificate.PrivateKey.Reveal() } };
}
