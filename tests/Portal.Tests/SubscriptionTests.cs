using System.Text.Json.Nodes;
using EventSubscriptions.Portal.Tests.Harness;
using EventSubscriptions.Portal.Tests.Pages;

namespace EventSubscriptions.Portal.Tests;

public sealed class SubscriptionTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Fact]
    public async Task Subscription_is_created_with_a_secret_that_is_shown_once()
    {
        var organization = portal.NewOrganization();
        var hook = portal.Receiver.NewHook();
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await tab.GoTo($"organizations/{organization.Id}/subscriptions");
        await tab.ShowsText("There are no subscriptions yet.");

        await tab.Link("New subscription").ClickAsync();
        await form.Name.FillAsync("Orders");
        await form.Url.FillAsync(hook.Url.AbsoluteUri);
        await form.Token.FillAsync("a-token-of-its-own");
        await form.Search.FillAsync("archive case");
        await form.Event("CaseArchivedEvent").CheckAsync();
        await Assertions.Expect(form.About).ToContainTextAsync("A case was moved to the archive.");
        await form.Create();

        var secret = await tab.Dialog.GetByLabel("Signing secret").InputValueAsync();
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        await tab.Button("I have stored it").ClickAsync();
        await tab.ShowsHeading("Orders");
        Assert.DoesNotContain(secret, await tab.Page.ContentAsync(), StringComparison.Ordinal);
        await organization.PublishCase();
        await hook.Received(1);
        Assert.Equal("Bearer a-token-of-its-own", hook.Requests[0].Authorization);
        Assert.Empty(tab.ConsoleErrors);
    }

    [Fact]
    public async Task Subscription_can_be_created_with_the_keyboard_alone()
    {
        var organization = portal.NewOrganization();
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo($"organizations/{organization.Id}/subscriptions");
        await tab.ShowsText("There are no subscriptions yet.");

        await tab.TabTo(tab.Link("New subscription"));
        await tab.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(tab.Page.GetByRole(AriaRole.Heading, new() { Name = "New subscription" })).ToBeFocusedAsync();
        await Assertions.Expect(tab.Field("Name")).ToBeVisibleAsync();
        await tab.TabTo(tab.Field("Name"));
        await tab.Page.Keyboard.TypeAsync("Typed");
        await tab.TabTo(tab.Field("URL"));
        await tab.Page.Keyboard.TypeAsync("https://example.com/hook");
        await tab.TabTo(tab.Field("Token"));
        await tab.Page.Keyboard.TypeAsync("a-token");
        await tab.TabTo(tab.Field("CaseClosedEvent"));
        await tab.Page.Keyboard.PressAsync("Space");
        await tab.TabTo(tab.Button("Create"));
        await tab.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(tab.Dialog).ToBeVisibleAsync();
        await tab.TabTo(tab.Button("I have stored it"));
        await tab.Page.Keyboard.PressAsync("Enter");

        await tab.ShowsHeading("Typed");
        var created = Assert.Single(await organization.Api.GetAll($"{organization.Path}/subscriptions"));
        Assert.Equal("CaseClosedEvent", (string)Assert.Single(created["events"]!.AsArray())!);
    }

    [Fact]
    public async Task Mistakes_are_shown_at_their_fields_and_the_first_one_gets_the_focus()
    {
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToNew(portal.NewOrganization());

        await form.Create();
        await form.ShowsError(form.Name, "Name is needed.");
        await Assertions.Expect(form.Name).ToBeFocusedAsync();
        await form.Name.FillAsync("Right");
        await form.Url.FillAsync("ftp://example.com");
        await form.Token.FillAsync("with blanks");
        await form.Rate.FillAsync("100000");
        await form.Create();

        await form.ShowsError(form.Url, "URL must start with https://");
        await form.ShowsError(form.Token, "Token must be printable ASCII characters");
        await form.ShowsError(form.Rate, "Rate limit must be");
        await tab.ShowsText("Events must list 1 to 64 names");
        await Assertions.Expect(form.Url).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Edit_sends_what_was_changed_and_nothing_else()
    {
        var subscription = await Subscribe("https://example.com/hook?key=secret-value");
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToEdit(subscription);
        await Assertions.Expect(form.Url).ToHaveValueAsync("https://example.com/hook?key=***");

        await form.Description.FillAsync("For the tests");
        await form.EveryEvent.UncheckAsync();
        await form.Event("CaseClosedEvent").CheckAsync();
        await form.Save();
        await tab.ShowsHeading("Scenario");

        var entry = Assert.Single(await subscription.Organization.AuditLog("subscription.updated"));
        Assert.Equal(["description", "events"], entry["changes"]!.AsObject().Select(change => change.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Hidden_part_of_a_URL_is_never_sent_back()
    {
        var subscription = await Subscribe("https://example.com/hook?key=secret-value");
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToEdit(subscription);

        await form.Url.FillAsync("https://example.com/other?key=***");
        await form.Save();

        await form.ShowsError(form.Url, "URL must be entered in full");
        Assert.Empty(await subscription.Organization.AuditLog("subscription.updated"));
    }

    [Fact]
    public async Task URL_that_leads_elsewhere_asks_for_the_token()
    {
        var subscription = await Subscribe("https://example.com/hook");
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToEdit(subscription);
        await form.Url.FillAsync("https://example.com/other");

        await form.Save();
        await form.ShowsError(form.NewToken, "New token must be given again");
        await form.NewToken.FillAsync("token-0123456789");
        await form.Save();
        await tab.ShowsHeading("Scenario");

        var entry = Assert.Single(await subscription.Organization.AuditLog("subscription.updated"));
        Assert.Equal("https://example.com/other", (string?)entry["changes"]!["url"]!["to"]);
    }

    [Fact]
    public async Task Stale_edit_is_explained_and_saved_on_top_of_the_current_version()
    {
        var subscription = await Subscribe("https://example.com/hook");
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToEdit(subscription);
        await form.Name.FillAsync("Mine");
        await subscription.Organization.Api.Patch(subscription.Path, new JsonObject { ["description"] = "Theirs" });

        await form.Save();
        await tab.ShowsText("The subscription has been changed by someone else since you opened it.");
        await tab.Button("Load the current version").ClickAsync();
        await Assertions.Expect(form.Description).ToHaveValueAsync("Theirs");
        await Assertions.Expect(form.Name).ToHaveValueAsync("Mine");
        await form.Save();

        await tab.ShowsHeading("Mine");
        await tab.ShowsText("Theirs");
    }

    [Fact]
    public async Task Subscription_is_deactivated_and_activated()
    {
        var subscription = await Subscribe("https://example.com/hook");
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
            (await subscription.Organization.AuditLog()).Take(2).Select(entry => (string)entry["type"]!)
        );
    }

    [Fact]
    public async Task Change_is_not_undone_by_an_answer_that_was_on_its_way()
    {
        var subscription = await Subscribe("https://example.com/hook");
        await using var tab = await portal.OpenAsAdmin();
        var page = new SubscriptionPage(tab);
        await tab.Page.Clock.InstallAsync();
        await page.GoTo(subscription);
        await Assertions.Expect(page.State).ToHaveTextAsync("Active");
        List<IRoute> held = [];
        var isHeld = new SemaphoreSlim(0);
        await tab.Page.RouteAsync(
            $"**/subscriptions/{subscription.Id}",
            async route =>
            {
                if (route.Request.Method == "GET")
                {
                    held.Add(route);
                    isHeld.Release();
                }
                else
                {
                    await route.ContinueAsync();
                }
            }
        );
        await tab.Page.Clock.RunForAsync(5000);
        await isHeld.WaitAsync(Eventually.Deadline);
        var before = await held[0].FetchAsync();

        await page.Press("Deactivate");
        await Assertions.Expect(page.State).ToHaveTextAsync("Inactive");
        await held[0].FulfillAsync(new() { Response = before });

        // The page asks again once it has dealt with the answer; this time it gets none.
        await Eventually.Until(
            async () =>
            {
                await tab.Page.Clock.RunForAsync(5000);
                return held.Count > 1;
            },
            () => "the next look"
        );
        await Assertions.Expect(page.State).ToHaveTextAsync("Inactive");
    }

    [Fact]
    public async Task Test_shows_what_the_receiver_answered()
    {
        var organization = portal.NewOrganization();
        var hook = portal.Receiver.NewHook().Answers(500, 200).Says("Out of paper.");
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

        Assert.Equal("CaseClosedEvent", (string)JsonNode.Parse(hook.Requests[1].Body)!["eventName"]!);
    }

    [Fact]
    public async Task Rotated_secret_is_shown_once_and_signs_from_then_on()
    {
        var subscription = await Subscribe("https://example.com/hook");
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
    public async Task Subscription_is_deleted_only_once_its_name_was_typed()
    {
        var subscription = await Subscribe("https://example.com/hook");
        await using var tab = await portal.OpenAsAdmin();
        var page = new SubscriptionPage(tab);
        await page.GoTo(subscription);

        await page.Press("Delete");
        var delete = tab.Dialog.GetByRole(AriaRole.Button, new() { Name = "Delete" });
        await Assertions.Expect(delete).ToBeDisabledAsync();
        await tab.Dialog.GetByRole(AriaRole.Textbox).FillAsync("Scenario");
        await delete.ClickAsync();

        await tab.ShowsText("There are no subscriptions yet.");
        Assert.Empty(await subscription.Organization.Api.GetAll($"{subscription.Organization.Path}/subscriptions"));
    }

    [Fact]
    public async Task List_says_the_state_of_each_subscription_and_filters_by_it()
    {
        var sample = await Sample.Shared(portal);
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo($"organizations/{sample.Organization.Id}/subscriptions");
        await tab.Settled();

        await Assertions
            .Expect(tab.Rows)
            .ToContainTextAsync(["Active", "Failing since", "Deactivated The receiver returned 410 Gone.", "Active", "Inactive"]);
        await Assertions
            .Expect(tab.Rows)
            .ToContainTextAsync([
                "100\u00a0% delivered of 6 attempts",
                "20\u00a0% delivered of 10 attempts",
                "0\u00a0% delivered",
                "delivered",
                "No attempts",
            ]);
        await tab.Field("Show").SelectOptionAsync("false");
        await Assertions.Expect(tab.Rows).ToHaveCountAsync(2);
        Assert.EndsWith("/subscriptions?isActive=false", tab.Page.Url, StringComparison.Ordinal);
        await tab.Page.ReloadAsync();
        await Assertions.Expect(tab.Rows).ToHaveCountAsync(2);
    }

    private async Task<SubscriptionHandle> Subscribe(string url) => await portal.NewOrganization().Subscribe(new Uri(url));
}
