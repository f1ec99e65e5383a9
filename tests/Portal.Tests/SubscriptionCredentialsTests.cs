using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EventSubscriptions.Portal.Tests.Harness;
using EventSubscriptions.Portal.Tests.Pages;

namespace EventSubscriptions.Portal.Tests;

public sealed class SubscriptionCredentialsTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Fact]
    public async Task Secret_url_with_a_client_certificate_is_created_shown_masked_and_changed()
    {
        var organization = portal.NewOrganization();
        var (certificate, key) = Certificate();
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToNew(organization);
        await form.Name.FillAsync("Slack");
        await form.Url.FillAsync("https://example.com/services/secret-of-the-path");
        await Assertions.Expect(tab.Field("The URL is secret")).Not.ToBeCheckedAsync();
        await tab.Field("Authentication").SelectOptionAsync("none");
        await Assertions.Expect(tab.Field("The URL is secret")).ToBeCheckedAsync();
        await tab.Page.GetByText("Client certificate (mutual TLS)").ClickAsync();
        await tab.Field("Client certificate").FillAsync(certificate);
        await tab.Field("Private key").FillAsync("not a key");
        await form.EveryEvent.CheckAsync();
        await form.Create();
        await form.ShowsError(tab.Field("Private key"), "must be a private key in PEM");
        await tab.Field("Private key").FillAsync(key);
        await form.Create();
        await tab.Button("I have stored it").ClickAsync();

        await tab.ShowsHeading("Slack");
        await tab.ShowsText("https://example.com/***");
        await tab.ShowsText("CN=Portal, expires");
        var content = await tab.Page.ContentAsync();
        Assert.DoesNotContain("secret-of-the-path", content, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", content, StringComparison.Ordinal);

        await tab.Link("Edit").ClickAsync();
        await tab.Field("Remove the client certificate").CheckAsync();
        await tab.Field("The URL is secret").UncheckAsync();
        await form.Save();
        await form.ShowsError(form.Url, "is required to set urlIsSecret to false");
        await form.Url.FillAsync("https://example.com/services/secret-of-the-path");
        await form.Save();
        await tab.ShowsText("https://example.com/services/secret-of-the-path");

        var changed = Assert.Single(await organization.Subscriptions());
        Assert.False(changed.UrlIsSecret);
        Assert.Null(changed.ClientCertificate);
    }

    [Fact]
    public async Task Managed_identity_that_the_settings_do_not_name_is_explained()
    {
        var subscription = await portal.Subscribe("https://example.com/hook");
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToEdit(subscription);

        await tab.Field("Authentication").SelectOptionAsync("managedIdentity");
        await tab.Field("Resource").FillAsync("api://receiver");
        await form.Save();

        await form.ShowsError(tab.Field("Resource"), "is not a resource that Deliveries__ManagedIdentities names");
    }

    private static (string Certificate, string Key) Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Portal", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(100));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
