using System.Net;
using EventSubscriptions.Portal.Tests.Harness;

namespace EventSubscriptions.Portal.Tests;

public sealed class KeyTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Fact]
    public async Task Key_is_issued_shown_once_and_revoked()
    {
        var organization = portal.NewOrganization();
        var name = "Key " + Guid.NewGuid().ToString("N");
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo("keys");
        await tab.ShowsHeading("Keys");

        await tab.Button("New key").ClickAsync();
        await tab.Dialog.GetByLabel("Name").FillAsync(name);
        await tab.Dialog.GetByLabel("Role").SelectOptionAsync("manage");
        await tab.Dialog.GetByLabel("Organization").FillAsync($"{organization.Id}");
        await tab.Button("Create").ClickAsync();
        var key = await tab.Dialog.GetByLabel("Key", new() { Exact = true }).InputValueAsync();
        (await portal.App.As(key).Get($"{organization.Path}/subscriptions")).Expect(HttpStatusCode.OK);
        await tab.Button("I have stored it").ClickAsync();
        await Assertions.Expect(tab.Dialog).ToHaveCountAsync(0);
        Assert.DoesNotContain(key, await tab.Page.ContentAsync(), StringComparison.Ordinal);

        await tab.Button($"Revoke “{name}”").ClickAsync();
        await tab.Dialog.GetByRole(AriaRole.Textbox).FillAsync(name);
        await tab.Dialog.GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();

        await Assertions.Expect(tab.Page.GetByRole(AriaRole.Cell, new() { Name = name })).ToHaveCountAsync(0);
        (await portal.App.As(key).Get($"{organization.Path}/subscriptions")).Expect(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Secret_is_copied_with_one_button()
    {
        await using var tab = await portal.OpenAsAdmin();
        await tab.Page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await tab.GoTo("keys");
        await tab.Button("New key").ClickAsync();
        await tab.Dialog.GetByLabel("Name").FillAsync("Copied");
        await tab.Button("Create").ClickAsync();
        var key = await tab.Dialog.GetByLabel("Key", new() { Exact = true }).InputValueAsync();

        await tab.Button("Copy").ClickAsync();

        await tab.ShowsText("Key copied.");
        Assert.Equal(key, await tab.Page.EvaluateAsync<string>("navigator.clipboard.readText()"));
    }

    [Fact]
    public async Task Bound_key_issues_keys_of_its_organization()
    {
        var organization = portal.NewOrganization();
        await using var tab = await portal.OpenAs("admin", organization.Id);
        await tab.GoTo("keys");
        await tab.Button("New key").ClickAsync();
        await tab.Dialog.GetByLabel("Name").FillAsync("Of the organization");
        await Assertions.Expect(tab.Dialog.GetByLabel("Organization")).ToHaveAttributeAsync("readonly", "");
        await tab.Button("Create").ClickAsync();
        await tab.Button("I have stored it").ClickAsync();

        await Assertions.Expect(tab.Rows.Filter(new() { HasText = "Of the organization" })).ToContainTextAsync($"{organization.Id}");
    }
}
