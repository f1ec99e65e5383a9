using EventSubscriptions.Portal.Tests.Harness;

namespace EventSubscriptions.Portal.Tests;

public sealed class SignInTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Fact]
    public async Task Key_is_kept_until_sign_out()
    {
        await using var tab = await Tab.Open(portal.App, null);
        await tab.GoTo();
        await SignIn(tab, portal.App.AdminKey);
        await tab.ShowsHeading("Organizations");

        await tab.Page.ReloadAsync();
        await tab.ShowsHeading("Organizations");
        await tab.Field("Organization").FillAsync("7000");
        await tab.Button("Open").ClickAsync();
        await tab.ShowsHeading("Organization 7000");
        Assert.DoesNotContain(portal.App.AdminKey, tab.Page.Url, StringComparison.Ordinal);

        await tab.Button("Sign out").ClickAsync();
        await tab.ShowsHeading("Sign in");
        Assert.Empty(await tab.Page.EvaluateAsync<string[]>("Object.keys(sessionStorage)"));
        await tab.Page.ReloadAsync();
        await tab.ShowsHeading("Sign in");
    }

    [Fact]
    public async Task Bound_key_opens_its_organization()
    {
        var organization = portal.NewOrganization();
        await using var tab = await Tab.Open(portal.App, null);
        await tab.GoTo();
        await SignIn(tab, await Keys.Create(portal.App, "read", organization.Id));

        await tab.ShowsHeading($"Organization {organization.Id}");
        await tab.ShowsText($"Organization {organization.Id}");
        await Assertions.Expect(tab.Link("Change")).ToHaveCountAsync(0);
    }

    [Theory]
    [InlineData("not-a-key")]
    [InlineData("es_unknown_0000000000000000000000000000000000000000000")]
    [InlineData("schlüssel ☃")]
    public async Task Invalid_key_is_refused_with_a_message(string key)
    {
        await using var tab = await Tab.Open(portal.App, null);
        await tab.GoTo();
        await SignIn(tab, key);

        await tab.ShowsText("Key is unknown, expired or revoked.");
        await Assertions.Expect(tab.Field("Key")).ToBeFocusedAsync();
        Assert.Empty(await tab.Page.EvaluateAsync<string[]>("Object.keys(sessionStorage)"));
    }

    [Fact]
    public async Task Revoked_key_is_requested_again_and_the_view_is_restored()
    {
        var issued = await Keys.Issue(portal.App, "admin");
        await using var tab = await Tab.Open(portal.App, issued.Key);
        await tab.GoTo("keys");
        await tab.ShowsHeading("Keys");
        await portal.App.AsAdmin().Delete($"/api/keys/{issued.Id}");

        await tab.Link("Relay").ClickAsync();
        await tab.ShowsText("The key is no longer accepted");
        await SignIn(tab, portal.App.AdminKey);

        await tab.ShowsHeading("Relay");
    }

    [Fact]
    public async Task Invalid_organization_is_refused_before_any_request()
    {
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo("organizations");
        await tab.Field("Organization").FillAsync("2147483648");
        await tab.Button("Open").ClickAsync();

        await tab.ShowsText("Organization must be a whole number from 0 to 2147483647.");
    }

    private static async Task SignIn(Tab tab, string key)
    {
        await tab.Field("Key").FillAsync(key);
        await tab.Button("Sign in").ClickAsync();
    }
}
