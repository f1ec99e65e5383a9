using EventSubscriptions.Portal.Tests.Harness;

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
}
