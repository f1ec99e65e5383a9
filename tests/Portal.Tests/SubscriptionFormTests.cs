using EventSubscriptions.Portal.Tests.Harness;
using EventSubscriptions.Portal.Tests.Pages;

namespace EventSubscriptions.Portal.Tests;

public sealed class SubscriptionFormTests(PortalApp portal) : IClassFixture<PortalApp>
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
    public async Task Operational_events_are_a_group_of_their_own_with_a_note()
    {
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToNew(portal.NewOrganization());

        var group = tab.Page.GetByRole(AriaRole.Group, new() { Name = "This app · System" });

        await Assertions.Expect(group.GetByRole(AriaRole.Checkbox)).ToHaveCountAsync(7);
        await Assertions.Expect(group).ToContainTextAsync("Sent only if they are chosen here");
        await form.Search.FillAsync("case");
        await Assertions.Expect(group).ToBeHiddenAsync();
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
        Assert.Equal(["CaseClosedEvent"], Assert.Single(await organization.Subscriptions()).Events);
    }

    [Fact]
    public async Task Subscription_has_a_header_a_filter_and_a_retry_schedule()
    {
        var organization = portal.NewOrganization();
        var hook = portal.Receiver.NewHook();
        await organization.PublishCase("case-1");
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToNew(organization);
        await form.Name.FillAsync("Splunk");
        await form.Url.FillAsync(hook.Url.AbsoluteUri);
        await tab.Field("Authentication").SelectOptionAsync("header");
        await Assertions.Expect(form.Token).ToBeHiddenAsync();
        await form.EveryEvent.CheckAsync();
        await form.Create();
        await form.ShowsError(tab.Field("Header"), "Header is needed.");
        await tab.Field("Header").FillAsync("Authorization");
        await tab.Field("Value").FillAsync("Splunk 0123");
        await tab.Page.GetByText("Filter, headers and retries").ClickAsync();
        await tab.Field("Filter").FillAsync("""{ "id": "case-1" }""");
        await tab.ShowsText("must start at the payload's root");
        await tab.Field("Filter").FillAsync("""{ "data.id": "case-1" }""");
        await tab.ShowsText("It accepts 1 event of the 1 archived ones.");
        await tab.Field("Headers").FillAsync("X-Environment: production");
        await tab.Field("Retry schedule").FillAsync("00:00:05, 00:01:00");
        await form.Create();
        await tab.Button("I have stored it").ClickAsync();
        await tab.ShowsText("the header Authorization");

        var created = Assert.Single(await organization.Subscriptions());
        Assert.Equal("""{"data.id":"case-1"}""", created.Filter!.Value.GetRawText());
        Assert.Equal(["00:00:05", "00:01:00"], created.RetrySchedule);
        await organization.PublishCase("case-2");
        var request = await hook.Received(await organization.PublishCase("case-1"));
        Assert.Equal(("Splunk 0123", "production"), (request.Authorization, request.Headers["X-Environment"]));
        Assert.Equal(1, hook.Count);

        await tab.Link("Edit").ClickAsync();
        await Assertions.Expect(tab.Field("Headers")).ToHaveValueAsync("X-Environment: ***");
        await form.Description.FillAsync("Changed");
        await tab.Field("Filter").FillAsync("");
        await form.Save();
        await tab.ShowsText("Changed");
        var changed = Assert.Single(await organization.Subscriptions());
        Assert.Null(changed.Filter);
        Assert.Equal((created.Authentication, "X-Environment"), (changed.Authentication, Assert.Single(changed.HeaderNames!)));
    }

    [Fact]
    public async Task Field_errors_are_shown_at_their_fields_and_the_first_gets_the_focus()
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
    public async Task Edit_sends_changed_fields_only()
    {
        var subscription = await portal.Subscribe("https://example.com/hook?key=secret-value");
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
        Assert.Equal(["description", "events"], entry.Changes!.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Masked_URL_is_not_saved()
    {
        var subscription = await portal.Subscribe("https://example.com/hook?key=secret-value");
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToEdit(subscription);

        await form.Url.FillAsync("https://example.com/other?key=***");
        await form.Save();

        await form.ShowsError(form.Url, "URL must be entered in full");
        Assert.Empty(await subscription.Organization.AuditLog("subscription.updated"));
    }

    [Fact]
    public async Task Token_is_required_when_the_path_of_the_URL_changes()
    {
        var subscription = await portal.Subscribe("https://example.com/hook");
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
        Assert.Equal("https://example.com/other", entry.NewTextOf("url"));
    }

    [Fact]
    public async Task Stale_edit_is_saved_after_loading_the_current_version()
    {
        var subscription = await portal.Subscribe("https://example.com/hook");
        await using var tab = await portal.OpenAsAdmin();
        var form = new SubscriptionForm(tab);
        await form.GoToEdit(subscription);
        await form.Name.FillAsync("Mine");
        await tab.Field("Authentication").SelectOptionAsync("basic");
        await tab.Field("User name").FillAsync("me");
        await tab.Field("Password").FillAsync("a-password");
        await form.Format.SelectOptionAsync("template");
        await form.Template.FillAsync("""{"own": {{ eventName | json }}}""");
        await tab.Page.GetByText("Filter, headers and retries").ClickAsync();
        await tab.Field("Filter").FillAsync("""{"data.id": "mine"}""");
        await tab.Field("Headers").FillAsync("X-Mine: yes");
        await tab.Field("Deadline").FillAsync("00:00:05");
        await subscription.Change(new { description = "Theirs", rateLimitPerSecond = 7 });

        await form.Save();
        await tab.ShowsText("The subscription has been changed by someone else since you opened it.");
        await tab.Button("Load the current version").ClickAsync();
        await Assertions.Expect(form.Description).ToHaveValueAsync("Theirs");
        await Assertions.Expect(form.Name).ToHaveValueAsync("Mine");
        await form.Save();

        await tab.ShowsHeading("Mine");
        await tab.ShowsText("Theirs");
        var saved = await subscription.Get();
        Assert.Equal(("basic", "me"), (saved.Authentication!.Type, saved.Authentication.Username));
        Assert.Equal("""{"own": {{ eventName | json }}}""", saved.Format!.Body);
        Assert.Equal("""{"data.id":"mine"}""", saved.Filter!.Value.GetRawText());
        Assert.Equal(("X-Mine", "00:00:05", 7), (Assert.Single(saved.HeaderNames!), saved.Deadline, saved.RateLimitPerSecond));
    }
}
