using EventSubscriptions.Portal.Tests.Harness;
using EventSubscriptions.Portal.Tests.Pages;

namespace EventSubscriptions.Portal.Tests;

/// <summary>Pictures of every view, for people to look at: <c>artifacts/portal</c>.</summary>
public sealed class ScreenshotTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(360, ColorScheme.Dark)]
    public async Task Every_view_fits_the_screen(int width, ColorScheme theme)
    {
        var sample = await Sample.Shared(portal);
        var folder = Directory.CreateDirectory(Repository.PathOf("artifacts", "portal", $"{width}")).FullName;
        await using var tab = await portal.OpenAsAdmin(new(width, 800, theme));
        foreach (var (name, view) in sample.Views)
        {
            await tab.GoTo(view);
            await tab.Settled();
            await tab.Page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = true });
            Assert.True(
                await tab.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"),
                $"{name} is wider than {width} pixels."
            );
        }
    }

    /// <summary>The pictures of <c>docs/receivers</c>.</summary>
    [Theory]
    [InlineData("slack", "slack")]
    [InlineData("teams", "teams")]
    [InlineData("splunkHec", "splunk")]
    [InlineData("sentinel", "sentinel")]
    [InlineData("pagerDuty", "pagerduty")]
    [InlineData("serviceNow", "servicenow")]
    [InlineData("theHive", "thehive")]
    public async Task Template_of_a_known_receiver_is_shown_beside_what_it_makes(string preset, string picture)
    {
        var folder = Directory.CreateDirectory(Repository.PathOf("artifacts", "portal", "receivers")).FullName;
        await using var tab = await portal.OpenAsAdmin(new(1100, 800, ColorScheme.Light));
        var form = new SubscriptionForm(tab);
        await form.GoToNew(portal.NewOrganization());

        await form.Receiver.SelectOptionAsync(preset);
        await Assertions.Expect(form.Template).Not.ToHaveValueAsync("");

        await Assertions.Expect(form.Preview).ToContainTextAsync("CaseCreatedEvent");
        await tab.Page.Locator(".beside").ScreenshotAsync(new() { Path = Path.Combine(folder, picture + ".png") });
    }
}
