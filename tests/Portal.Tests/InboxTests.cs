using EventSubscriptions.Portal.Tests.Harness;

namespace EventSubscriptions.Portal.Tests;

/// <summary>The page of the demo's inbox.</summary>
public sealed class InboxTests(InboxTests.DemoApp demo) : IClassFixture<InboxTests.DemoApp>
{
    private const string Markup = """<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>""";

    [Fact]
    public async Task Markup_in_an_event_is_shown_as_text()
    {
        await new Organization(demo.App.AsAdmin(), 1).Publish(Some.CaseEvent, new { id = "markup", name = Markup });
        await using var tab = await Open();

        var request = tab.Page.Locator("li", new() { HasText = "window.harmed=1" });
        await Assertions.Expect(request).ToBeVisibleAsync();

        // What arrives moves the list under the pointer.
        await tab.Button("Pause").ClickAsync();
        await request.Locator("summary").ClickAsync();
        await Assertions.Expect(request.Locator("pre")).ToBeVisibleAsync();

        var body = ClientJson.Read<PayloadResult>(await request.Locator("pre").InnerTextAsync());
        Assert.Equal(Markup, body.Data.GetProperty("name").GetString());
        await Assertions.Expect(request).ToContainTextAsync("valid signature");
        Assert.Empty(await tab.Page.Locator("img, main script").AllAsync());
        Assert.False(await tab.Page.EvaluateAsync<bool>("'harmed' in window"));
    }

    [Fact]
    public async Task Inbox_shows_the_status_of_the_chosen_response()
    {
        await using var tab = await Open();
        var newest = tab.Page.Locator("li").First;

        await tab.Field("500, an error").CheckAsync();
        await Assertions.Expect(newest).ToContainTextAsync("returned 500");
        await tab.Field("200, at once").CheckAsync();
        await Assertions.Expect(newest).ToContainTextAsync("returned 200");
    }

    [Fact]
    public async Task Choice_stays_when_an_older_response_arrives_late()
    {
        await using var tab = await Open();
        var requested = new TaskCompletionSource<IRoute>(TaskCreationOptions.RunContinuationsAsynchronously);
        await tab.Page.RouteAsync(
            "**/requests*",
            async route =>
            {
                if (!requested.TrySetResult(route))
                {
                    await route.ContinueAsync();
                }
            }
        );
        var route = await requested.Task.WaitAsync(Eventually.Deadline);
        var before = await route.FetchAsync();

        await tab.Page.RunAndWaitForResponseAsync(() => tab.Field("500, an error").CheckAsync(), "**/response");
        var next = tab.Page.WaitForRequestAsync("**/requests*");
        await tab.Page.RouteAsync("**/requests*", _ => { });
        await route.FulfillAsync(new() { Response = before });

        // The page sends its next request after it has processed the response; that request gets none.
        await next;
        await Assertions.Expect(tab.Field("500, an error")).ToBeCheckedAsync();
        await tab.Page.UnrouteAllAsync();
        await tab.Field("200, at once").CheckAsync();
    }

    [Fact]
    public async Task Choice_stays_while_it_is_being_saved()
    {
        await using var tab = await Open();
        var saving = new TaskCompletionSource<IRoute>(TaskCreationOptions.RunContinuationsAsynchronously);
        await tab.Page.RouteAsync("**/response", saving.SetResult);

        await tab.Field("500, an error").CheckAsync();
        var route = await saving.Task.WaitAsync(Eventually.Deadline);
        await tab.Page.WaitForRequestAsync("**/requests*");

        // The page sends its next request after it has processed the response.
        await tab.Page.WaitForRequestAsync("**/requests*");
        Assert.True(await tab.Field("500, an error").IsCheckedAsync());
        await tab.Page.RunAndWaitForResponseAsync(() => route.ContinueAsync(), "**/response");
        await tab.Page.UnrouteAllAsync();
        await tab.Field("200, at once").CheckAsync();
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 360)]
    public async Task Page_fits_the_screen_and_is_accessible(ColorScheme theme, int width)
    {
        await using var tab = await Open(new(width, 800, theme));
        await tab.Button("Pause").ClickAsync();
        await tab.Page.Locator("summary").First.ClickAsync();

        Assert.Empty(await Axe.Violations(tab.Page));
        Assert.True(await tab.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
    }

    private async Task<Tab> Open(TabOptions? options = null)
    {
        var tab = await Tab.Open(demo.App, key: null, options);
        await tab.Page.GotoAsync(DemoInbox.Of(demo.App).AbsoluteUri);
        await Assertions.Expect(tab.Page.Locator("li").First).ToBeVisibleAsync();
        return tab;
    }

    public sealed class DemoApp : IAsyncLifetime
    {
        internal AppProcess App { get; } = AppProcess.Create(["--demo"]);

        public Task InitializeAsync() => App.StartAgain();

        public async Task DisposeAsync() => await App.DisposeAsync();
    }
}
