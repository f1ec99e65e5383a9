using EventSubscriptions.Portal.Tests.Harness;
using EventSubscriptions.Portal.Tests.Pages;

namespace EventSubscriptions.Portal.Tests;

public sealed class ConnectionTests(PortalApp portal) : IClassFixture<PortalApp>
{
    private const string Gone = "The app can’t be reached. This page goes on by itself as soon as it is back.";

    [Fact]
    public async Task Page_goes_on_by_itself_when_the_app_was_gone_for_a_while()
    {
        await using var app = await AppProcess.Start();
        var organization = Organization.New(app);
        var subscription = await organization.Subscribe(portal.Receiver.NewHook());
        await using var tab = await Tab.Open(app, app.AdminKey);
        var page = new SubscriptionPage(tab);
        await page.GoTo(subscription);
        await tab.ShowsText("Nothing was sent yet.");

        await app.Kill();
        await tab.ShowsText(Gone);
        await page.Press("Deactivate");
        await tab.ShowsText("it isn’t known whether this was done");
        await app.StartAgain(atSameAddress: true);

        await Assertions.Expect(tab.Page.GetByText(Gone)).ToHaveCountAsync(0);
        var eventId = await organization.PublishCase();
        await Assertions.Expect(page.Deliveries).ToContainTextAsync([eventId]);
    }

    [Fact]
    public async Task View_that_is_opened_while_the_app_is_gone_shows_as_soon_as_it_is_back()
    {
        await using var app = await AppProcess.Start();
        await using var tab = await Tab.Open(app, app.AdminKey);
        await tab.GoTo("keys");
        await tab.ShowsHeading("Keys");
        await app.Kill();

        await tab.Link("Event types").ClickAsync();
        await tab.ShowsText(Gone);
        await app.StartAgain(atSameAddress: true);

        await tab.ShowsText("33 event types.");
    }
}
