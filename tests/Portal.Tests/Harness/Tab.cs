using System.Collections.Concurrent;

namespace EventSubscriptions.Portal.Tests.Harness;

/// <summary>How a tab looks.</summary>
internal sealed record TabOptions(int Width = 1280, int Height = 800, ColorScheme Theme = ColorScheme.Light);

/// <summary>
/// A tab of a browser of its own: nothing is shared with other tests. When it is closed, it fails the test where the page broke its Content
/// Security Policy, threw an exception, or kept anything but the key.
/// </summary>
internal sealed class Tab : IAsyncDisposable
{
    private const string KeyName = "event-subscriptions.key";
    private const string OrganizationName = "event-subscriptions.organization";

    private readonly AppProcess _app;
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _console = new();
    private readonly ConcurrentQueue<string> _defects = new();

    private Tab(AppProcess app, IBrowserContext context, IPage page)
    {
        _app = app;
        _context = context;
        Page = page;
        page.Console += (_, message) => Note(message);
        page.PageError += (_, error) => _defects.Enqueue(error);
    }

    public IPage Page { get; }

    /// <summary>What the browser wrote to its console as errors.</summary>
    public IReadOnlyList<string> ConsoleErrors => [.. _console];

    /// <summary>Opens a tab, signed in where there is a key.</summary>
    public static async Task<Tab> Open(AppProcess app, string? key, TabOptions? options = null)
    {
        options ??= new();
        var context = await (await Chromium.Shared).NewContextAsync(
            new()
            {
                ViewportSize = new() { Width = options.Width, Height = options.Height },
                ColorScheme = options.Theme,
                ReducedMotion = ReducedMotion.Reduce,
                Locale = "en-GB",
                TimezoneId = "Europe/Vienna",
            }
        );
        context.SetDefaultTimeout(Chromium.Patience);
        if (key is not null)
        {
            await context.AddInitScriptAsync(
                $"sessionStorage.getItem('signed-in') ?? (sessionStorage.setItem('signed-in', ''), sessionStorage.setItem('{KeyName}', '{key}'))"
            );
        }

        return new Tab(app, context, await context.NewPageAsync());
    }

    /// <summary>Goes to a view by its address, such as <c>keys</c>.</summary>
    public async Task GoTo(string view = "") =>
        await Page.GotoAsync(new Uri(_app.Address, "portal/").AbsoluteUri + (view.Length == 0 ? "" : "#/" + view));

    /// <summary>Waits for a view's heading.</summary>
    public Task ShowsHeading(string text) =>
        Assertions
            .Expect(
                Page.GetByRole(
                    AriaRole.Heading,
                    new()
                    {
                        Level = 1,
                        Name = text,
                        Exact = true,
                    }
                )
            )
            .ToBeVisibleAsync();

    public Task ShowsText(string text) => Assertions.Expect(Page.GetByText(text).First).ToBeVisibleAsync();

    /// <summary>Waits until a view has loaded what it shows.</summary>
    public async Task Settled()
    {
        await Assertions.Expect(Page.Locator("h1")).ToBeVisibleAsync();
        await Assertions.Expect(Page.Locator(".loading")).ToHaveCountAsync(0);
        await Assertions.Expect(Page.GetByText("…", new() { Exact = true })).ToHaveCountAsync(0);
    }

    /// <summary>Presses the tabulator until something has the focus.</summary>
    public async Task TabTo(ILocator target)
    {
        const int AtMost = 80;
        for (var i = 0; i < AtMost; i++)
        {
            if (await target.EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                return;
            }

            await Page.Keyboard.PressAsync("Tab");
        }

        Assert.Fail($"The keyboard does not get to {target}.");
    }

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Field(string label) => Page.GetByLabel(label, new() { Exact = true });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });

    public ILocator Dialog => Page.GetByRole(AriaRole.Dialog);

    /// <summary>The rows of the view's list.</summary>
    public ILocator Rows => Page.Locator(".table > table > tbody > tr:not(.detail)");

    public async ValueTask DisposeAsync()
    {
        var kept = await Page.EvaluateAsync<string[]>(
            "[...Object.keys(sessionStorage), ...Object.keys(localStorage), document.cookie].filter(Boolean)"
        );
        await _context.CloseAsync();
        Assert.Empty(kept.Except([KeyName, OrganizationName, "signed-in"], StringComparer.Ordinal));
        Assert.Empty(_defects);
    }

    private void Note(IConsoleMessage message)
    {
        if (message.Type == "error")
        {
            _console.Enqueue(message.Text);
        }

        if (message.Text.Contains("Content Security Policy", StringComparison.OrdinalIgnoreCase))
        {
            _defects.Enqueue(message.Text);
        }
    }
}
