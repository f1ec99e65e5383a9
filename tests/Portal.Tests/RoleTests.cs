using EventSubscriptions.Portal.Tests.Harness;
using EventSubscriptions.Portal.Tests.Pages;

namespace EventSubscriptions.Portal.Tests;

/// <summary>What a role may not do is not offered, or explained.</summary>
public sealed class RoleTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Fact]
    public async Task Reader_sees_deliveries_without_payloads_and_no_button_that_changes_anything()
    {
        var organization = portal.NewOrganization();
        var subscription = await organization.Subscribe(portal.Receiver.NewHook());
        var eventId = await organization.PublishCase("case-secret");
        await subscription.Attempted("delivered", 1);
        await using var tab = await portal.OpenAs("read", organization.Id);
        await new SubscriptionPage(tab).GoTo(subscription);
        await tab.ShowsText("Your key’s role is read: it can read");
        await Assertions
            .Expect(tab.Page.GetByRole(AriaRole.Navigation))
            .ToHaveTextAsync("OverviewSubscriptionsEventsAudit logEvent typesRelay");
        Assert.Equal(0, await tab.Page.Locator(".heading:has(h1) button, .heading:has(h1) .button").CountAsync());

        await tab.Link(Some.CaseEvent).ClickAsync();

        await tab.ShowsText(eventId);
        await tab.ShowsText("The payload requires the role analyst.");
        Assert.DoesNotContain("case-secret", await tab.Page.ContentAsync(), StringComparison.Ordinal);
        Assert.Empty(tab.ConsoleErrors);
    }

    [Theory]
    [InlineData("read", "keys", "admin")]
    [InlineData("manage", "keys", "admin")]
    [InlineData("read", "organizations/1/new-subscription", "manage")]
    [InlineData("publish", "organizations/1/subscriptions", "read")]
    [InlineData("publish", "relay", "read")]
    public async Task View_names_the_role_that_it_requires(string role, string view, string needed)
    {
        await using var tab = await portal.OpenAs(role);
        await tab.GoTo(view);

        await tab.ShowsText($"This page requires a key with the role {needed}; your key has the role {role}.");
        Assert.Empty(tab.ConsoleErrors);
    }

    [Fact]
    public async Task Organization_of_another_key_is_not_found()
    {
        await using var tab = await portal.OpenAs("manage", portal.NewOrganization().Id);
        await tab.GoTo($"organizations/{portal.NewOrganization().Id}/subscriptions");

        await tab.ShowsText("Organization not found.");
    }
}
