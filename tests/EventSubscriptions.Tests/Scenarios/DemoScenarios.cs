using System.Globalization;
using System.Net;
using System.Text;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>The app with <c>--demo</c>.</summary>
public sealed class DemoScenarios
{
    private static readonly HttpClient s_browser = new(new SocketsHttpHandler { UseProxy = false });

    [Fact]
    public async Task Demo_delivers_signed_events_and_retries_them_when_the_inbox_fails()
    {
        await using var app = AppProcess.Create(
            ["--demo"],
            ("Deliveries__RetrySchedule", "00:00:00.200,00:00:00.200,00:00:00.200,00:01:00")
        );
        await app.StartAgain();
        var organization = new Organization(app.AsAdmin(), 1);
        var inbox = DemoInbox.Of(app);

        var first = (await Received(inbox, requests => requests.Count >= 2))[^1];
        Assert.Null(first.SignatureError);
        Assert.True(first.IsTokenValid);
        Assert.Equal(1, ClientJson.Read<PayloadResult>(first.Body).OrganizationId);

        await Choose(inbox, "error");
        var failed = (await organization.Audited("delivery.failed", 1))[^1];
        Assert.Equal(500, failed.StatusCode);
        await Choose(inbox, "ok");
        await Received(inbox, requests => requests[0].Status == 200 && requests.Any(request => request.Count > 1));

        Assert.Equal(0, await app.Stop());
    }

    [Fact]
    public async Task Second_start_reuses_the_subscription_with_a_new_secret()
    {
        await using var app = AppProcess.Create(["--demo"]);
        await app.StartAgain();
        await Received(DemoInbox.Of(app), requests => requests.Count >= 1);
        await app.Kill();

        await app.StartAgain();

        var requests = await Received(DemoInbox.Of(app), requests => requests.Any(request => request.SignatureError is null));
        Assert.All(requests, request => Assert.True(request.IsTokenValid));
        Assert.Single(await new Organization(app.AsAdmin(), 1).Subscriptions());
    }

    [Fact]
    public async Task Markup_in_an_event_is_returned_as_text()
    {
        await using var app = AppProcess.Create(["--demo"]);
        await app.StartAgain();
        const string Script = "<script>alert('é')</script><img src=x onerror=alert(1)>";

        var id = await new Organization(app.AsAdmin(), 1).Publish(Some.CaseEvent, new { id = "1", name = Script });

        var requests = await Received(DemoInbox.Of(app), requests => requests.Any(request => request.HeaderOf("webhook-id") == id));
        var body = requests.Single(request => request.HeaderOf("webhook-id") == id).Body;
        Assert.Equal(Script, ClientJson.Read<PayloadResult>(body).Data.GetProperty("name").GetString());
        using var response = await s_browser.GetAsync(new Uri(DemoInbox.Of(app), "/requests"));
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task Demo_fails_with_the_setting_to_change_when_its_inbox_is_a_blocked_address()
    {
        await using var app = AppProcess.Create(["--demo"], ("Deliveries__AllowInsecureDestinations", "false"));

        Assert.Equal(1, await app.RunToEnd());

        Assert.Contains("Set Deliveries__AllowInsecureDestinations=true", app.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", app.Output, StringComparison.Ordinal);
    }

    private static Task<IReadOnlyList<InboxRequestResult>> Received(Uri inbox, Func<IReadOnlyList<InboxRequestResult>, bool> wanted) =>
        Eventually.Get(
            () => DemoInbox.Requests(s_browser, inbox),
            wanted,
            requests =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"other requests than these {requests.Count}: {string.Join('\n', requests.Take(3))}"
                )
        );

    private static async Task Choose(Uri inbox, string response)
    {
        using var content = new StringContent($$"""{"response":"{{response}}"}""", Encoding.UTF8, "application/json");
        using var chosen = await s_browser.PutAsync(new Uri(inbox, "/response"), content);
        Assert.Equal(HttpStatusCode.NoContent, chosen.StatusCode);
    }
}
