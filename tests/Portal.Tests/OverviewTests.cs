using System.Net;
using EventSubscriptions.Portal.Tests.Harness;

namespace EventSubscriptions.Portal.Tests;

public sealed class OverviewTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Fact]
    public async Task Overview_says_that_all_is_well()
    {
        var organization = portal.NewOrganization();
        var subscription = await organization.Subscribe(portal.Receiver.NewHook());
        await organization.PublishCase();
        await subscription.Attempted("delivered", 1);
        await using var tab = await portal.OpenAs("read", organization.Id);
        await tab.GoTo();

        await tab.ShowsHeading($"Organization {organization.Id}");
        await tab.ShowsText("1 subscription active, of 1 subscription; none is failing.");
        await tab.ShowsText("There are no failures in the audit log.");
        await Assertions
            .Expect(tab.Page.GetByRole(AriaRole.Img, new() { NameRegex = new("^Attempts per hour, at most 1") }))
            .ToBeVisibleAsync();
        Assert.Empty(tab.ConsoleErrors);
    }

    [Fact]
    public async Task Failing_subscription_is_repaired_from_the_overview_with_the_keyboard_alone()
    {
        var organization = portal.NewOrganization();
        var hook = portal.Receiver.NewHook();
        var subscription = await organization.Subscribe(portal.Receiver.NewHook().Responds(404));
        await organization.PublishCase();
        await organization.Audited("delivery.failed", 2);
        await using var tab = await portal.OpenAs("manage", organization.Id);
        await tab.GoTo();
        await tab.ShowsText("1 failing, of 1 subscription.");
        await tab.ShowsText("What to do:");

        var name = (await organization.Api.Get(subscription.Path)).Expect(HttpStatusCode.OK).Json["name"]!.GetValue<string>();
        await EnterAsync(tab, tab.Link(name).First);
        await tab.ShowsHeading(name);
        await EnterAsync(tab, tab.Link("Edit"));
        await Assertions.Expect(tab.Field("URL")).ToBeVisibleAsync();
        await tab.TabTo(tab.Field("URL"));
        await tab.Page.Keyboard.PressAsync("Control+A");
        await tab.Page.Keyboard.TypeAsync(hook.Url.OriginalString);
        await tab.TabTo(tab.Field("New token"));
        await tab.Page.Keyboard.TypeAsync("token-0123456789");
        await EnterAsync(tab, tab.Button("Save"));
        await tab.ShowsHeading(name);
        await EnterAsync(tab, tab.Link("Replay"));
        await Assertions.Expect(tab.Button("Count them")).ToBeVisibleAsync();
        await EnterAsync(tab, tab.Button("Count them"));
        await Assertions.Expect(tab.Button("Send 1 event")).ToBeVisibleAsync();
        await EnterAsync(tab, tab.Button("Send 1 event"));
        await hook.Received(1);

        await EnterAsync(tab, tab.Link("Overview"));
        await tab.ShowsText("none is failing.");
        Assert.Empty(tab.ConsoleErrors);
    }

    [Fact]
    public async Task Organizations_are_listed_for_admins_failing_first()
    {
        await using var app = await AppProcess.Start(("Deliveries__RetrySchedule", "00:00:00.200,01:00:00"));
        var well = Organization.New(app);
        await well.Subscribe(portal.Receiver.NewHook());
        var failing = Organization.New(app);
        await failing.Subscribe(portal.Receiver.NewHook().Responds(500));
        await failing.PublishCase();
        await failing.Audited("delivery.failed", 2);
        await using var tab = await Tab.Open(app, app.AdminKey);
        await tab.GoTo();

        await tab.ShowsHeading("Organizations");
        await tab.ShowsText("1 organization with failing subscriptions.");
        await Assertions.Expect(tab.Rows).ToContainTextAsync([$"Organization {failing.Id}", $"Organization {well.Id}"]);
        await tab.Link($"Organization {failing.Id}").ClickAsync();
        await tab.ShowsHeading($"Organization {failing.Id}");
        Assert.Empty(tab.ConsoleErrors);
    }

    private static async Task EnterAsync(Tab tab, ILocator target)
    {
        await Assertions.Expect(target).ToBeVisibleAsync();
        await tab.TabTo(target);
        await tab.Page.Keyboard.PressAsync("Enter");
    }
}
