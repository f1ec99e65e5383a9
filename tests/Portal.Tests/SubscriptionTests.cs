using EventSubscriptions.Portal.Tests.Harness;

namespace EventSubscriptions.Portal.Tests;

public sealed class SubscriptionTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Fact]
    public async Task Subscription_is_created_with_a_secret_that_is_shown_once()
    {
        var organization = portal.NewOrganization();
        var hook = portal.Receiver.NewHook();
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo($"organizations/{organization.Id}/subscriptions");
        await tab.ShowsText("There are no subscriptions yet.");

        await tab.Link("New subscription").ClickAsync();
        await tab.Field("Name").FillAsync("Orders");
        await tab.Field("URL").FillAsync(hook.Url.AbsoluteUri);
        await tab.Field("Token").FillAsync("a-token-of-its-own");
        await tab.Field("Find an event").FillAsync("archived case");
        await tab.Field("CaseArchivedEvent").CheckAsync();
        await tab.Button("Create").ClickAsync();

        var secret = await tab.Dialog.GetByLabel("Signing secret").InputValueAsync();
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        await tab.Button("I have kept it").ClickAsync();
        await tab.ShowsHeading("Orders");
        Assert.DoesNotContain(secret, await tab.Page.ContentAsync(), StringComparison.Ordinal);
        await organization.PublishCase();
        await hook.Received(1);
        Assert.Equal("Bearer a-token-of-its-own", hook.Requests[0].Authorization);
        await tab.Link("Subscriptions").First.ClickAsync();
        await Assertions.Expect(tab.Rows).ToContainTextAsync(["Orders"]);
        await Assertions.Expect(tab.Rows).ToContainTextAsync(["100\u00a0% delivered of 1 attempt"]);
        Assert.Empty(tab.ConsoleErrors);
    }
}
