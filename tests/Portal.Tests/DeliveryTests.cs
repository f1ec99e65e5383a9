using System.Net;
using System.Text;
using EventSubscriptions.Portal.Tests.Harness;
using EventSubscriptions.Portal.Tests.Pages;

namespace EventSubscriptions.Portal.Tests;

public sealed class DeliveryTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Fact]
    public async Task Deliveries_are_live_until_they_are_paused()
    {
        var organization = portal.NewOrganization();
        var subscription = await organization.Subscribe(portal.Receiver.NewHook());
        await using var tab = await portal.OpenAsAdmin();
        var page = new SubscriptionPage(tab);
        await page.GoTo(subscription);
        await tab.ShowsText("Nothing has been sent yet.");

        var first = await organization.PublishCase();
        await Assertions.Expect(page.Deliveries).ToContainTextAsync([first]);
        await page.Press("Pause");
        var second = await organization.PublishCase();
        await subscription.Attempted("delivered", 2);
        await Assertions.Expect(tab.Page.GetByText("Paused", new() { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(page.Deliveries).ToHaveCountAsync(1);
        await page.Press("Resume");

        await Assertions.Expect(page.Deliveries).ToContainTextAsync([second, first]);
        Assert.Empty(tab.ConsoleErrors);
    }

    [Fact]
    public async Task Payload_is_shown_as_it_was_sent_to_the_last_digit()
    {
        var organization = portal.NewOrganization();
        var hook = portal.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        const string Data =
            """{"10":1,"big":12345678901234567890,"one":1.0,"negative":-0,"huge":1e400,"money":0.10,"2":[{},[],"a, \"b\": {"],"one":2}""";
        (
            await portal
                .App.AsAdmin()
                .PutOnQueue(
                    "events",
                    Encoding.UTF8.GetBytes($$$"""{"eventName":"NewerEvent","organizationId":{{{organization.Id}}},"data":{{{Data}}}}"""),
                    "numbers"
                )
        ).Expect(HttpStatusCode.Created);
        await subscription.Attempted("delivered", 1);
        await using var tab = await portal.OpenAsAdmin();

        await tab.GoTo($"organizations/{organization.Id}/subscriptions/{subscription.Id}/deliveries/numbers");

        var shown = tab.Page.GetByRole(AriaRole.Group, new() { Name = "Payload" });
        await Assertions.Expect(shown).ToBeVisibleAsync();
        var text = await shown.InnerTextAsync();
        Assert.Equal(
            """
            {
              "eventName": "NewerEvent",
              "organizationId": ORGANIZATION,
              "data": {
                "10": 1,
                "big": 12345678901234567890,
                "one": 1.0,
                "negative": -0,
                "huge": 1e400,
                "money": 0.10,
                "2": [
                  {},
                  [],
                  "a, \"b\": {"
                ],
                "one": 2
              }
            }
            """.Replace("ORGANIZATION", $"{organization.Id}", StringComparison.Ordinal).ReplaceLineEndings("\n"),
            text
        );
    }

    [Fact]
    public async Task Deliveries_are_filtered_by_the_address()
    {
        var organization = portal.NewOrganization();
        var subscription = await organization.Subscribe(portal.Receiver.NewHook().Responds(500, 200));
        var failed = await organization.PublishCase();
        await subscription.Attempted("delivered", 1);
        await organization.PublishCase();
        await subscription.Attempted("delivered", 2);
        await using var tab = await portal.OpenAsAdmin();
        var page = new SubscriptionPage(tab);
        await page.GoTo(subscription);
        await Assertions.Expect(page.Deliveries).ToHaveCountAsync(3);

        await page.Outcome.SelectOptionAsync("failed");
        await Assertions.Expect(page.Deliveries).ToHaveCountAsync(1);
        await Assertions.Expect(page.Deliveries).ToContainTextAsync(["HTTP 500"]);
        await page.Outcome.SelectOptionAsync("");
        await page.EventId.FillAsync(failed);
        await page.EventId.PressAsync("Enter");
        await Assertions.Expect(page.Deliveries).ToHaveCountAsync(2);
        Assert.EndsWith($"?eventId={failed}", tab.Page.Url, StringComparison.Ordinal);

        await using var other = await portal.OpenAsAdmin();
        await new SubscriptionPage(other).GoTo(subscription, $"?eventId={failed}&outcome=failed");
        await Assertions.Expect(other.Rows).ToHaveCountAsync(1);
        await new SubscriptionPage(other).Press("Clear filters");
        await Assertions.Expect(other.Rows).ToHaveCountAsync(3);
    }

    [Fact]
    public async Task Live_deliveries_are_filtered_by_part_of_the_event_name()
    {
        var organization = portal.NewOrganization();
        var subscription = await organization.Subscribe(portal.Receiver.NewHook());
        await organization.PublishCase();
        var closed = await organization.Publish("CaseClosedEvent", Closed("case-1"));
        await subscription.Attempted("delivered", 2);
        await using var tab = await portal.OpenAsAdmin();
        var page = new SubscriptionPage(tab);
        await page.GoTo(subscription, "?eventName=closed");
        await Assertions.Expect(page.Deliveries).ToContainTextAsync([closed]);
        await Assertions.Expect(page.Deliveries).ToHaveCountAsync(1);

        await organization.PublishCase("case-2");
        var next = await organization.Publish("CaseClosedEvent", Closed("case-2"));

        await Assertions.Expect(page.Deliveries).ToContainTextAsync([next, closed]);
        await Assertions.Expect(page.Deliveries).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task Invalid_filter_shows_the_field_error()
    {
        var subscription = await portal.NewOrganization().Subscribe(portal.Receiver.NewHook());
        await using var tab = await portal.OpenAsAdmin();
        await new SubscriptionPage(tab).GoTo(subscription, "?eventId=no+id");

        await tab.ShowsText("eventId is not the id of an event");
    }

    [Fact]
    public async Task Older_deliveries_are_loaded_page_by_page()
    {
        var organization = portal.NewOrganization();
        var subscription = await organization.Subscribe(portal.Receiver.NewHook());
        await organization.PublishCases(70, "page");
        await subscription.Attempted("delivered", 70);
        await using var tab = await portal.OpenAsAdmin();
        var page = new SubscriptionPage(tab);
        await page.GoTo(subscription);
        await Assertions.Expect(page.Deliveries).ToHaveCountAsync(50);

        await page.Press("Show older");

        await Assertions.Expect(page.Deliveries).ToHaveCountAsync(70);
        await Assertions.Expect(tab.Button("Show older")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Delivery_shows_request_and_response_and_is_resent()
    {
        var organization = portal.NewOrganization();
        var hook = portal.Receiver.NewHook().Responds(503, 200).WithBody("Down for maintenance.");
        var subscription = await organization.Subscribe(hook);
        var eventId = await organization.PublishCase("case-77");
        await subscription.Attempted("delivered", 1);
        await using var tab = await portal.OpenAsAdmin();
        var page = new SubscriptionPage(tab);
        await page.GoTo(subscription);

        await page.Deliveries.First.GetByRole(AriaRole.Link).ClickAsync();
        await tab.ShowsHeading(Some.CaseEvent);
        await tab.ShowsText("\"id\": \"case-77\"");
        await tab.ShowsText("Down for maintenance.");
        await tab.ShowsText("2 attempts");
        await tab.Button("Resend").ClickAsync();

        await tab.ShowsText("3 attempts");
        await tab.ShowsText("1 (resend)");
        Assert.Equal(3, hook.Requests.Count(request => request.EventId == eventId));
    }

    [Fact]
    public async Task Refused_resend_shows_the_reason()
    {
        var organization = portal.NewOrganization();
        var subscription = await organization.Subscribe(portal.Receiver.NewHook().Responds(410));
        var eventId = await organization.PublishCase();
        await organization.Audited("subscription.deactivated", 1);
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo($"organizations/{organization.Id}/subscriptions/{subscription.Id}/deliveries/{eventId}");

        await tab.Button("Resend").ClickAsync();

        await tab.ShowsText("The subscription is inactive. Activate it first.");
    }

    [Fact]
    public async Task Chart_counts_the_last_day_and_has_a_table_beside_it()
    {
        var organization = portal.NewOrganization();
        var subscription = await organization.Subscribe(portal.Receiver.NewHook().Responds(500, 200));
        await organization.PublishCase();
        await subscription.Attempted("delivered", 1);
        await using var tab = await portal.OpenAsAdmin();
        await new SubscriptionPage(tab).GoTo(subscription);

        await Assertions
            .Expect(tab.Page.GetByRole(AriaRole.Img, new() { NameRegex = new("^Attempts per hour, at most [12]") }))
            .ToBeVisibleAsync();
        await tab.Page.GetByText("Show as a table").ClickAsync();
        var cells = await tab.Page.Locator(".charts tbody tr").First.Locator("td").AllTextContentsAsync();
        Assert.Equal(7, cells.Count);
        Assert.Equal(2, await tab.Page.Locator(".charts rect").CountAsync());
    }

    private static object Closed(string id) =>
        new
        {
            id,
            name = "A case",
            closedOn = "2026-01-15T10:00:00Z",
        };
}
