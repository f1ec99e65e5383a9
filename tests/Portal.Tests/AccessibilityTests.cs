using EventSubscriptions.Portal.Tests.Harness;
using EventSubscriptions.Portal.Tests.Pages;

namespace EventSubscriptions.Portal.Tests;

/// <summary>Every view by the rules of axe-core, which come from WCAG 2.2 AA and from good practice.</summary>
public sealed class AccessibilityTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 360)]
    public async Task Views_are_accessible_in_both_themes(ColorScheme theme, int width)
    {
        var sample = await Sample.Shared(portal);
        await using var tab = await portal.OpenAsAdmin(new(width, 800, theme));
        List<string> violations = [];
        foreach (var (name, view) in sample.Views)
        {
            await tab.GoTo(view);
            await tab.Settled();
            violations.AddRange((await Axe.Violations(tab.Page)).Select(violation => $"{name}: {violation}"));
        }

        Assert.Empty(violations);
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Sign_in_is_accessible(ColorScheme theme)
    {
        await using var tab = await Tab.Open(portal.App, null, new(Theme: theme));
        await tab.GoTo();
        await tab.ShowsHeading("Sign in");
        Assert.Empty(await Axe.Violations(tab.Page));

        await tab.Field("Key").FillAsync("not-a-key");
        await tab.Button("Sign in").ClickAsync();
        await tab.ShowsText("Key is unknown, expired or revoked.");
        Assert.Empty(await Axe.Violations(tab.Page));
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Dialogs_and_field_errors_are_accessible(ColorScheme theme)
    {
        var subscription = await portal.NewOrganization().Subscribe(portal.Receiver.NewHook().Responds(500));
        await using var tab = await portal.OpenAsAdmin(new(Theme: theme));
        await new SubscriptionPage(tab).GoTo(subscription);
        foreach (var (action, close) in new[] { ("Send test event", "Close"), ("Rotate secret", "Cancel"), ("Delete", "Cancel") })
        {
            await tab.Button(action).ClickAsync();
            await Assertions.Expect(tab.Dialog).ToBeVisibleAsync();
            Assert.Empty(await Axe.Violations(tab.Page));
            await tab.Button(close).ClickAsync();
        }

        await tab.Button("Rotate secret").ClickAsync();
        await tab.Button("Rotate").ClickAsync();
        await Assertions.Expect(tab.Dialog.GetByLabel("Signing secret")).ToBeVisibleAsync();
        Assert.Empty(await Axe.Violations(tab.Page));
        await tab.Button("I have stored it").ClickAsync();

        await new SubscriptionForm(tab).GoToNew(subscription.Organization);
        await tab.Button("Create").ClickAsync();
        await tab.ShowsText("Name is needed.");
        Assert.Empty(await Axe.Violations(tab.Page));
    }
}
