using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>What somebody sees who starts the app with <c>--demo</c>.</summary>
public sealed class DemoScenarios
{
    private static readonly HttpClient s_browser = new(new SocketsHttpHandler { UseProxy = false });

    [Fact]
    public async Task Signed_events_arrive_and_the_inbox_can_be_made_to_fail_and_to_work_again()
    {
        await using var app = AppProcess.Create(
            ["--demo"],
            ("Deliveries__RetrySchedule", "00:00:00.200,00:00:00.200,00:00:00.200,00:01:00")
        );
        await app.StartAgain();
        var organization = new Organization(app.AsAdmin(), 1);
        var inbox = DemoInbox.Of(app);

        var first = (await Arrived(inbox, arrivals => arrivals.Count >= 2))[^1];
        Assert.False(first.AsObject().ContainsKey("signatureError"), first.ToJsonString());
        Assert.True((bool)first["isTokenValid"]!);
        Assert.Equal(1, (int)JsonNode.Parse((string)first["body"]!)!["organizationId"]!);

        await Choose(inbox, "error");
        var failed = (await organization.Audited("delivery.failed", 1))[^1];
        Assert.Equal(500, (int)failed["statusCode"]!);
        await Choose(inbox, "ok");
        await Arrived(inbox, arrivals => (int)arrivals[0]["status"]! == 200 && arrivals.Any(arrival => (int)arrival["count"]! > 1));

        Assert.Equal(0, await app.Stop());
    }

    [Fact]
    public async Task Second_start_uses_the_subscription_of_the_first_and_its_own_new_secret()
    {
        await using var app = AppProcess.Create(["--demo"]);
        await app.StartAgain();
        await Arrived(DemoInbox.Of(app), arrivals => arrivals.Count >= 1);
        await app.Kill();

        await app.StartAgain();

        var arrivals = await Arrived(
            DemoInbox.Of(app),
            arrivals => arrivals.Any(arrival => !arrival.AsObject().ContainsKey("signatureError"))
        );
        Assert.All(arrivals, arrival => Assert.True((bool)arrival["isTokenValid"]!));
        Assert.Single(await app.AsAdmin().GetAll("/api/organizations/1/subscriptions"));
    }

    [Fact]
    public async Task Markup_in_an_event_is_shown_as_the_text_that_it_is()
    {
        await using var app = AppProcess.Create(["--demo"]);
        await app.StartAgain();
        const string Script = "<script>alert('é')</script><img src=x onerror=alert(1)>";

        var id = await new Organization(app.AsAdmin(), 1).Publish(Some.CaseEvent, new JsonObject { ["id"] = "1", ["name"] = Script });

        var arrivals = await Arrived(DemoInbox.Of(app), arrivals => arrivals.Any(arrival => Header(arrival, "webhook-id") == id));
        var body = (string)arrivals.Single(arrival => Header(arrival, "webhook-id") == id)["body"]!;
        Assert.Equal(Script, (string)JsonNode.Parse(body)!["data"]!["name"]!);
        using var answer = await s_browser.GetAsync(new Uri(DemoInbox.Of(app), "/requests"));
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task Demo_says_what_to_do_where_the_app_refuses_its_inbox()
    {
        await using var app = AppProcess.Create(["--demo"], ("Deliveries__AllowInsecureDestinations", "false"));

        Assert.Equal(1, await app.RunToEnd());

        Assert.Contains("Set Deliveries__AllowInsecureDestinations=true", app.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", app.Output, StringComparison.Ordinal);
    }

    private static string? Header(JsonNode arrival, string name) =>
        (string?)
            arrival["headers"]!
                .AsArray()
                .FirstOrDefault(header => string.Equals((string)header!["name"]!, name, StringComparison.OrdinalIgnoreCase))
                ?["value"];

    private static Task<IReadOnlyList<JsonNode>> Arrived(Uri inbox, Func<IReadOnlyList<JsonNode>, bool> wanted) =>
        Eventually.Get<IReadOnlyList<JsonNode>>(
            async () =>
                [
                    .. JsonNode.Parse(await s_browser.GetStringAsync(new Uri(inbox, "/requests")))!["requests"]!
                        .AsArray()
                        .Select(arrival => arrival!),
                ],
            wanted,
            arrivals =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"other arrivals than these {arrivals.Count}: {string.Join('\n', arrivals.Take(3))}"
                )
        );

    private static async Task Choose(Uri inbox, string answer)
    {
        using var content = new StringContent($$"""{"response":"{{answer}}"}""", Encoding.UTF8, "application/json");
        using var chosen = await s_browser.PutAsync(new Uri(inbox, "/response"), content);
        Assert.Equal(HttpStatusCode.NoContent, chosen.StatusCode);
    }
}
