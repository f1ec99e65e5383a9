using EventSubscriptions.Portal.Tests.Harness;

namespace EventSubscriptions.Portal.Tests;

public sealed class ReplayTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Fact]
    public async Task Events_are_counted_and_then_replayed()
    {
        var organization = portal.NewOrganization();
        var hook = portal.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        await organization.PublishCases(3, "replayed");
        await hook.Received(3);
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo($"organizations/{organization.Id}/subscriptions/{subscription.Id}/replays");
        await tab.ShowsText("No replays yet.");

        await tab.Button("Count them").ClickAsync();
        await tab.Button("Send 3 events").ClickAsync();
        await tab.ShowsText("All 3 events are queued.");

        await hook.Received(6);
        await Assertions.Expect(tab.Rows).ToContainTextAsync(["3 of 3 sent", "3 found"]);
        Assert.Empty(tab.ConsoleErrors);
    }

    [Fact]
    public async Task Empty_time_range_is_reported()
    {
        var subscription = await portal.NewOrganization().Subscribe(portal.Receiver.NewHook());
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo($"organizations/{subscription.Organization.Id}/subscriptions/{subscription.Id}/replays");

        await tab.Button("Count them").ClickAsync();

        await tab.ShowsText("No matching events.");
    }

    [Fact]
    public async Task Field_error_of_the_time_range_is_shown_at_its_field()
    {
        var subscription = await portal.NewOrganization().Subscribe(portal.Receiver.NewHook());
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo($"organizations/{subscription.Organization.Id}/subscriptions/{subscription.Id}/replays");
        await tab.Field("From").FillAsync("2026-01-02T00:00");
        await tab.Field("Until").FillAsync("2026-01-01T00:00");

        await tab.Button("Count them").ClickAsync();

        await tab.ShowsText("Until must be later than from.");
        await Assertions.Expect(tab.Field("Until")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Long_replay_shows_its_progress_and_is_cancelled()
    {
        await using var app = await AppProcess.Start(("Replays__RatePerSecond", "1"));
        var organization = Organization.New(app);
        var hook = portal.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        await organization.PublishCases(20, "slow");
        await hook.Received(20);
        await using var tab = await Tab.Open(app, app.AdminKey);
        await tab.GoTo($"organizations/{organization.Id}/subscriptions/{subscription.Id}/replays");

        await tab.Button("Count them").ClickAsync();
        await tab.Button("Send 20 events").ClickAsync();
        await Assertions.Expect(tab.Page.GetByRole(AriaRole.Progressbar)).ToHaveAttributeAsync("max", "20");
        await tab.Button("Cancel").ClickAsync();

        await tab.ShowsText("Cancelled:");
    }
}
