using EventSubscriptions.Portal.Tests.Harness;
using EventSubscriptions.Portal.Tests.Pages;

namespace EventSubscriptions.Portal.Tests;

public sealed class ConnectionTests(PortalApp portal) : IClassFixture<PortalApp>
{
    private static readonly TimeSpan s_soonerThanTheDeadlineOfARequest = TimeSpan.FromSeconds(40);

    private const string Gone = "The app is unreachable. This page resumes as soon as it is back.";

    [Fact]
    public async Task Page_continues_when_the_app_is_back()
    {
        await using var app = await AppProcess.Start();
        var organization = Organization.New(app);
        var subscription = await organization.Subscribe(portal.Receiver.NewHook());
        await using var tab = await Tab.Open(app, app.AdminKey);
        var page = new SubscriptionPage(tab);
        await page.GoTo(subscription);
        await tab.ShowsText("Nothing has been sent yet.");

        await app.Kill();
        await tab.ShowsText(Gone);
        await page.Press("Deactivate");
        await tab.ShowsText("it is unknown whether this was done");
        await app.StartAgain(atSameAddress: true);

        await Assertions.Expect(tab.Page.GetByText(Gone)).ToHaveCountAsync(0);
        var eventId = await organization.PublishCase();
        await Assertions.Expect(page.Deliveries).ToContainTextAsync([eventId]);
    }

    [Fact]
    public async Task View_is_shown_when_the_app_is_back()
    {
        await using var app = await AppProcess.Start();
        await using var tab = await Tab.Open(app, app.AdminKey);
        await tab.GoTo("keys");
        await tab.ShowsHeading("Keys");
        await app.Kill();

        await tab.Link("Event types").ClickAsync();
        await tab.ShowsText(Gone);
        await app.StartAgain(atSameAddress: true);

        await tab.ShowsText("40 event types.");
    }

    /// <summary>What responds in the app's place: a host without its worker, a gateway, a sign-in page.</summary>
    [Theory]
    [InlineData(502, "", "")]
    [InlineData(503, "text/plain", "Function host is not running.")]
    [InlineData(504, "text/html", "<title>504</title>")]
    [InlineData(503, "application/json", """{"message":"no healthy upstream"}""")]
    public async Task Error_page_of_a_gateway_counts_as_no_connection(int status, string contentType, string body)
    {
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo("keys");
        await tab.ShowsHeading("Keys");
        var probes = 0;
        await tab.Page.RouteAsync(
            "**/api/**",
            route =>
            {
                var isProbe = route.Request.Url.EndsWith("/api/health", StringComparison.Ordinal);
                probes += isProbe ? 1 : 0;

                // The second probe gets a response that is a success, and not the app's.
                return isProbe && probes == 2
                    ? route.FulfillAsync(
                        new()
                        {
                            Status = 200,
                            ContentType = "text/html",
                            Body = "<title>Sign in</title>",
                        }
                    )
                    : route.FulfillAsync(
                        new()
                        {
                            Status = status,
                            ContentType = contentType,
                            Body = body,
                        }
                    );
            }
        );

        await tab.Link("Event types").ClickAsync();
        await tab.ShowsText(Gone);
        await Eventually.Until(() => probes > 2, () => $"a third probe, {probes} came");
        await tab.ShowsText(Gone);
        await tab.Page.UnrouteAllAsync();

        await tab.ShowsText("40 event types.");
        await Assertions.Expect(tab.Page.GetByText(Gone)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Unhealthy_app_counts_as_back()
    {
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo("keys");
        await tab.ShowsHeading("Keys");
        await tab.Page.RouteAsync(
            "**/api/health",
            route =>
                route.FulfillAsync(
                    new()
                    {
                        Status = 503,
                        ContentType = "application/json",
                        Body = """{"status":"unhealthy"}""",
                    }
                )
        );
        var isGone = true;
        await tab.Page.RouteAsync(
            "**/api/event-types",
            route => isGone ? route.FulfillAsync(new() { Status = 502 }) : route.ContinueAsync()
        );

        await tab.Link("Event types").ClickAsync();
        await tab.ShowsText(Gone);
        isGone = false;

        await tab.ShowsText("40 event types.");
    }

    [Fact]
    public async Task Requests_of_a_view_are_cancelled_when_it_is_left()
    {
        var subscription = await portal.NewOrganization().Subscribe(portal.Receiver.NewHook());
        await using var tab = await portal.OpenAsAdmin();
        var asked = new TaskCompletionSource();
        var ended = new TaskCompletionSource<string?>();
        await tab.Page.RouteAsync("**/deliveries?*", _ => asked.TrySetResult());
        tab.Page.RequestFailed += (_, request) => ended.TrySetResult(request.Failure);
        await tab.GoTo($"organizations/{subscription.Organization.Id}/subscriptions");
        await asked.Task;

        await tab.Link("Event types").ClickAsync();

        Assert.Equal("net::ERR_ABORTED", await ended.Task.WaitAsync(s_soonerThanTheDeadlineOfARequest));
        await tab.ShowsText("40 event types.");
    }

    [Fact]
    public async Task Server_error_is_shown_with_a_retry_button()
    {
        var organization = portal.NewOrganization();
        await organization.Subscribe(portal.Receiver.NewHook());
        await using var tab = await portal.OpenAsAdmin();
        var isBroken = true;
        await tab.Page.RouteAsync(
            "**/subscriptions?*",
            route =>
                isBroken
                    ? route.FulfillAsync(
                        new()
                        {
                            Status = 503,
                            ContentType = "application/problem+json",
                            Body =
                                """{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"Storage or Service Bus is unavailable. Try again shortly."}""",
                        }
                    )
                    : route.ContinueAsync()
        );
        await tab.GoTo($"organizations/{organization.Id}/subscriptions");
        await tab.ShowsText("The app has a problem.");
        await tab.ShowsText("Storage or Service Bus is unavailable.");

        isBroken = false;
        await tab.Button("Try again").ClickAsync();

        await Assertions.Expect(tab.Rows).ToHaveCountAsync(1);
    }
}
