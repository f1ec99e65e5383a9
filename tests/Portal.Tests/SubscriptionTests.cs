using System.Net;
using EventSubscriptions.Portal.Tests.Harness;
using EventSubscriptions.Portal.Tests.Pages;

namespace EventSubscriptions.Portal.Tests;

public sealed class SubscriptionTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Fact]
    public async Task Subscription_is_deactivated_and_activated()
    {
        var subscription = await portal.Subscribe("https://example.com/hook");
        await using var tab = await portal.OpenAsAdmin();
        var page = new SubscriptionPage(tab);
        await page.GoTo(subscription);
        await Assertions.Expect(page.State).ToHaveTextAsync("Active");

        await page.Press("Deactivate");
        await Assertions.Expect(page.State).ToHaveTextAsync("Inactive");
        await page.Press("Activate");
        await Assertions.Expect(page.State).ToHaveTextAsync("Active");

        Assert.Equal(
            ["subscription.activated", "subscription.deactivated"],
            (await subscription.Organization.AuditLog()).Take(2).Select(entry => entry.Type)
        );
    }

    [Fact]
    public async Task State_stays_changed_when_an_older_response_arrives_late()
    {
        var subscription = await portal.Subscribe("https://example.com/hook");
        await using var tab = await portal.OpenAsAdmin();
        var page = new SubscriptionPage(tab);
        await tab.Page.Clock.InstallAsync();
        await page.GoTo(subscription);
        await Assertions.Expect(page.State).ToHaveTextAsync("Active");
        List<IRoute> delayed = [];
        var isDelayed = new SemaphoreSlim(0);
        await tab.Page.RouteAsync(
            $"**/subscriptions/{subscription.Id}",
            async route =>
            {
                if (route.Request.Method == "GET")
                {
                    delayed.Add(route);
                    isDelayed.Release();
                }
                else
                {
                    await route.ContinueAsync();
                }
            }
        );
        await tab.Page.Clock.RunForAsync(5000);
        await isDelayed.WaitAsync(Eventually.Deadline);
        var before = await delayed[0].FetchAsync();

        await page.Press("Deactivate");
        await Assertions.Expect(page.State).ToHaveTextAsync("Inactive");
        await delayed[0].FulfillAsync(new() { Response = before });

        // The page sends its next request after it has processed the response; that request gets none.
        await Eventually.Until(
            async () =>
            {
                await tab.Page.Clock.RunForAsync(5000);
                return delayed.Count > 1;
            },
            () => "the next request"
        );
        await Assertions.Expect(page.State).ToHaveTextAsync("Inactive");
    }

    [Fact]
    public async Task Test_shows_the_response_of_the_receiver()
    {
        var organization = portal.NewOrganization();
        var hook = portal.Receiver.NewHook().Responds(500, 200).WithBody("Out of paper.");
        var subscription = await organization.Subscribe(hook);
        await using var tab = await portal.OpenAsAdmin();
        var page = new SubscriptionPage(tab);
        await page.GoTo(subscription);

        await page.Press("Send test event");
        await tab.Dialog.GetByLabel("Event", new() { Exact = true }).SelectOptionAsync("CaseClosedEvent");
        await tab.Button("Send").ClickAsync();
        await Assertions.Expect(tab.Dialog).ToContainTextAsync("Not delivered.");
        await Assertions.Expect(tab.Dialog).ToContainTextAsync("Out of paper.");
        await tab.Button("Send").ClickAsync();
        await Assertions.Expect(tab.Dialog).ToContainTextAsync("Delivered.");

        Assert.Equal("CaseClosedEvent", hook.Requests[1].Payload.EventName);
    }

    [Fact]
    public async Task Rotated_secret_is_shown_once()
    {
        var subscription = await portal.Subscribe("https://example.com/hook");
        await using var tab = await portal.OpenAsAdmin();
        var page = new SubscriptionPage(tab);
        await page.GoTo(subscription);

        await page.Press("Rotate secret");
        await tab.Dialog.GetByLabel("The current secret keeps signing for").SelectOptionAsync("01:00:00");
        await tab.Button("Rotate").ClickAsync();

        var secret = await tab.Dialog.GetByLabel("Signing secret").InputValueAsync();
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        Assert.NotEqual(subscription.SigningSecret, secret);
        await tab.Button("I have stored it").ClickAsync();
        await Assertions.Expect(tab.Dialog).ToHaveCountAsync(0);
        Assert.DoesNotContain(secret, await tab.Page.ContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subscription_is_deleted_after_its_name_was_typed()
    {
        var subscription = await portal.Subscribe("https://example.com/hook");
        await using var tab = await portal.OpenAsAdmin();
        var page = new SubscriptionPage(tab);
        await page.GoTo(subscription);

        await page.Press("Delete");
        var delete = tab.Dialog.GetByRole(AriaRole.Button, new() { Name = "Delete" });
        await Assertions.Expect(delete).ToBeDisabledAsync();
        await tab.Dialog.GetByRole(AriaRole.Textbox).FillAsync("Scenario");
        await delete.ClickAsync();

        await tab.ShowsText("There are no subscriptions yet.");
        Assert.Empty(await subscription.Organization.Subscriptions());
    }

    [Fact]
    public async Task List_shows_the_state_of_each_subscription_and_filters_by_it()
    {
        var sample = await Sample.Shared(portal);
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo($"organizations/{sample.Organization.Id}/subscriptions");
        await tab.Settled();

        await Assertions
            .Expect(tab.Rows)
            .ToContainTextAsync(["Failing since", "Inactive", "Deactivated The receiver returned 410 Gone.", "Active", "Active"]);
        await Assertions
            .Expect(tab.Rows)
            .ToContainTextAsync([
                "20\u00a0% delivered of 10 attempts",
                "No attempts",
                "0\u00a0% delivered",
                "100\u00a0% delivered of 6 attempts",
                "delivered",
            ]);
        await tab.Field("Show").SelectOptionAsync("false");
        await Assertions.Expect(tab.Rows).ToHaveCountAsync(2);
        Assert.EndsWith("/subscriptions?isActive=false", tab.Page.Url, StringComparison.Ordinal);
        await tab.Page.ReloadAsync();
        await Assertions.Expect(tab.Rows).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task Subscriptions_are_found_by_state_text_and_label()
    {
        var organization = portal.NewOrganization();
        var failing = await organization.Subscribe(portal.Receiver.NewHook().Responds(500));
        await organization.PublishCase();
        await organization.Audited("delivery.failed", 2);
        var labelled = await organization.Subscribe(portal.Receiver.NewHook());
        var change = new
        {
            name = "SIEM forwarder",
            labels = new { team = "soc" },
            externalId = "siem-1",
        };
        (await organization.Api.Patch(labelled.Path, change)).Expect(HttpStatusCode.OK);
        await using var tab = await portal.OpenAs("read", organization.Id);

        await tab.GoTo($"organizations/{organization.Id}/subscriptions?health=failing");
        await Assertions.Expect(tab.Rows).ToHaveCountAsync(1);
        await Assertions.Expect(tab.Rows).ToContainTextAsync(["Failing"]);
        await tab.Field("State").SelectOptionAsync("");
        await Assertions.Expect(tab.Rows).ToHaveCountAsync(2);
        await tab.Field("Find").FillAsync("siem");
        await tab.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(tab.Rows).ToContainTextAsync(["team:soc"]);
        await tab.Field("Label").FillAsync("team:ops");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.ShowsText("No subscriptions match these filters.");

        await tab.GoTo($"organizations/{organization.Id}/subscriptions/{labelled.Id}");
        await tab.ShowsText("siem-1");
        Assert.NotEqual(failing.Id, labelled.Id);
        Assert.Empty(tab.ConsoleErrors);
    }
}
