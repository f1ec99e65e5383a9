using EventSubscriptions.Portal.Tests.Harness;

namespace EventSubscriptions.Portal.Tests;

public sealed class EventTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Fact]
    public async Task Event_is_found_in_the_list_and_shows_its_payload_and_deliveries()
    {
        var organization = portal.NewOrganization();
        var delivered = await organization.Subscribe(portal.Receiver.NewHook());
        var failing = await organization.Subscribe(portal.Receiver.NewHook().Responds(500));
        var id = await organization.PublishCase("case-4711");
        await delivered.Attempted("delivered", 1);
        await failing.Attempted("failed", 2);
        await using var tab = await portal.OpenAs("manage", organization.Id);
        await tab.GoTo($"organizations/{organization.Id}/events");
        await Assertions.Expect(tab.Rows).ToContainTextAsync([id]);

        await tab.Field("Event").FillAsync("Nothing");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.ShowsText("No events match these filters.");
        await tab.Field("Event").FillAsync(Some.CaseEvent);
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.Link(Some.CaseEvent).ClickAsync();

        await tab.ShowsHeading(Some.CaseEvent);
        await tab.ShowsText("case-4711");
        await Assertions.Expect(tab.Rows).ToContainTextAsync(["Delivered", "Failed"]);
        Assert.Empty(tab.ConsoleErrors);
    }

    [Fact]
    public async Task Event_is_opened_by_its_id()
    {
        var organization = portal.NewOrganization();
        var id = await organization.PublishCase();
        await using var tab = await portal.OpenAs("read", organization.Id);
        await tab.GoTo($"organizations/{organization.Id}/events");
        await Assertions.Expect(tab.Rows).ToContainTextAsync([id]);

        await tab.Field("Open by id").FillAsync(id);
        await tab.Page.Keyboard.PressAsync("Enter");

        await tab.ShowsHeading(Some.CaseEvent);
        await tab.ShowsText("The payload requires the role analyst.");
        await tab.ShowsText("The event was sent to no subscription.");
        await Assertions.Expect(tab.Button("Remove payload")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Payload_is_removed_after_a_confirmation()
    {
        var organization = portal.NewOrganization();
        var id = await organization.PublishCase("case-secret");
        await using var tab = await portal.OpenAs("manage", organization.Id);
        await Eventually.Until(
            async () => (int)(await organization.Api.Get($"{organization.Path}/events/{id}")).Status == 200,
            () => "the event in the archive"
        );
        await tab.GoTo($"organizations/{organization.Id}/events/{id}");
        await tab.ShowsText("case-secret");

        await tab.Button("Remove payload").ClickAsync();
        await Assertions.Expect(tab.Dialog).ToContainTextAsync("for good");
        await tab.Button("Remove").ClickAsync();

        await tab.ShowsText("The payload was removed.");
        await Assertions.Expect(tab.Page.GetByText("case-secret")).ToHaveCountAsync(0);
        await Assertions.Expect(tab.Button("Remove payload")).ToHaveCountAsync(0);
        Assert.Empty(tab.ConsoleErrors);
    }
}
