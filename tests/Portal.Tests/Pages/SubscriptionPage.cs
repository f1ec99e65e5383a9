using EventSubscriptions.Portal.Tests.Harness;

namespace EventSubscriptions.Portal.Tests.Pages;

/// <summary>The page of one subscription, with its deliveries.</summary>
internal sealed class SubscriptionPage(Tab tab)
{
    public ILocator State => tab.Page.Locator(".lead .state");

    public ILocator Deliveries => tab.Rows;

    public ILocator Outcome => tab.Field("Outcome");

    public ILocator EventId => tab.Field("Event id");

    public async Task GoTo(SubscriptionHandle subscription, string query = "")
    {
        await tab.GoTo($"organizations/{subscription.Organization.Id}/subscriptions/{subscription.Id}{query}");
        await Assertions.Expect(State).ToBeVisibleAsync();
    }

    public Task Press(string action) => tab.Button(action).ClickAsync();
}
