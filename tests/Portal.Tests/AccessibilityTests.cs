using EventSubscriptions.Portal.Tests.Harness;

namespace EventSubscriptions.Portal.Tests;

/// <summary>Every view by the rules of axe-core, which come from WCAG 2.2 AA and from good practice.</summary>
public sealed class AccessibilityTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 360)]
    public async Task Views_break_no_rule_in_either_theme(ColorScheme theme, int width)
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
    public async Task Signing_in_breaks_no_rule(ColorScheme theme)
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
}
