using EventSubscriptions.Portal.Tests.Harness;

namespace EventSubscriptions.Portal.Tests;

public sealed class AuditLogTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Fact]
    public async Task Audit_log_is_newest_first_filtered_by_the_address_and_opened_in_place()
    {
        var organization = portal.NewOrganization();
        var subscription = await organization.Subscribe(portal.Receiver.NewHook().Responds(404, 200).WithBody("No such hook."));
        var other = await organization.Subscribe(new Uri("https://example.com/hook"), "CaseClosedEvent");
        await organization.PublishCase();
        await organization.Audited("delivery.failed", 1);
        await other.Change(new { name = "Renamed" });
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo($"organizations/{organization.Id}/audit-log");
        await Assertions
            .Expect(tab.Rows)
            .ToContainTextAsync(["Subscription changed", "Delivery failed", "Subscription created", "Subscription created"]);
        await Assertions.Expect(tab.Rows.First).ToContainTextAsync("name: Scenario → Renamed");

        await tab.Field("Subscription").SelectOptionAsync(subscription.Id);
        await tab.Field("Type").SelectOptionAsync("delivery.failed");
        await Assertions.Expect(tab.Rows).ToHaveCountAsync(1);
        await tab.Page.ReloadAsync();
        await Assertions.Expect(tab.Rows).ToHaveCountAsync(1);
        var toggle = tab.Button("Show the details of “Delivery failed”");
        await toggle.ClickAsync();

        await tab.ShowsText("No such hook.");
        await tab.ShowsText("The path does not exist: check the subscription's URL.");
        await Assertions.Expect(tab.Button("Hide the details of “Delivery failed”")).ToHaveAttributeAsync("aria-expanded", "true");
        Assert.Empty(tab.ConsoleErrors);
    }

    [Fact]
    public async Task Actors_are_distinguished_by_key_id()
    {
        var organization = portal.NewOrganization();
        var issued = (
            await organization.Api.Post(
                "/api/keys",
                new
                {
                    name = "The admin key",
                    role = "manage",
                    organizationId = organization.Id,
                }
            )
        ).Expect(System.Net.HttpStatusCode.Created).Read<KeyResult>();
        var impostor = organization.SeenBy(portal.App.As(issued.Key));
        var subscription = await impostor.Subscribe(new Uri("https://example.com/hook"));
        (await organization.Api.Patch(subscription.Path, new { name = "Renamed" })).Expect(System.Net.HttpStatusCode.OK);
        await using var tab = await portal.OpenAsAdmin();

        await tab.GoTo($"organizations/{organization.Id}/audit-log");

        await Assertions
            .Expect(tab.Rows)
            .ToContainTextAsync(["The admin keyof the settings", $"The admin key…{issued.Id[^6..]}", "of the settings"]);
        await tab.GoTo("keys");
        await Assertions.Expect(tab.Rows.Filter(new() { HasText = issued.Id })).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task Filters_by_time_are_in_the_address_in_UTC()
    {
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo($"organizations/{portal.NewOrganization().Id}/audit-log");
        await tab.ShowsText("No entries yet.");

        await tab.Field("From").FillAsync("2026-01-15T10:00");
        await tab.Field("From").BlurAsync();

        await tab.ShowsText("No entries match these filters.");
        Assert.EndsWith("?from=2026-01-15T09%3A00%3A00.000Z", tab.Page.Url, StringComparison.Ordinal);
        await tab.Page.ReloadAsync();
        await Assertions.Expect(tab.Field("From")).ToHaveValueAsync("2026-01-15T10:00");
    }

    [Fact]
    public async Task Entries_of_no_organization_are_shown_to_admins()
    {
        var key = await Keys.Issue(portal.App, "read");
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo($"organizations/{portal.NewOrganization().Id}/audit-log");

        await tab.Link("Entries without an organization").ClickAsync();

        await tab.ShowsHeading("Audit log of the app");
        await Assertions.Expect(tab.Rows.Filter(new() { HasText = key.Name })).ToContainTextAsync("Key created");
    }
}
