using EventSubscriptions.Portal.Tests.Harness;

namespace EventSubscriptions.Portal.Tests;

public sealed class CatalogueTests(PortalApp portal) : IClassFixture<PortalApp>
{
    [Fact]
    public async Task Event_type_is_found_and_shown_with_parameters_example_and_schema()
    {
        await using var tab = await portal.OpenAs("publish");
        await tab.GoTo();
        await tab.ShowsHeading("Event types");
        await tab.ShowsText("40 event types.");

        await tab.Field("Find an event").FillAsync("device confirmed");
        await tab.ShowsText("1 event type.");
        await tab.Link("RelayAlertAcknowledgedEvent").ClickAsync();

        await tab.ShowsHeading("RelayAlertAcknowledgedEvent");
        await tab.ShowsText("Relay's id of this event.");
        await tab.ShowsText("\"eventName\": \"RelayAlertAcknowledgedEvent\"");
        await tab.ShowsText("\"$schema\": \"https://json-schema.org/draft/2020-12/schema\"");
        Assert.Empty(tab.ConsoleErrors);
    }

    [Fact]
    public async Task Empty_search_result_says_what_to_do()
    {
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo("event-types?search=nothing+like+it");

        await tab.ShowsText("No matching event types.");
    }

    [Fact]
    public async Task Unknown_event_type_shows_the_error_of_the_API()
    {
        await using var tab = await portal.OpenAsAdmin();
        await tab.GoTo("event-types/CaseCloseEvent");

        await tab.ShowsText("Event type not found. Did you mean 'CaseClosedEvent'?");
    }

    [Fact]
    public async Task Custom_event_type_is_added_changed_and_deleted()
    {
        // Event types belong to all organizations: other tests count them.
        await using var app = await AppProcess.Start();
        await using var tab = await Tab.Open(app, app.AdminKey);
        await tab.GoTo("event-types");
        var name = $"Test.{Guid.NewGuid():N}";

        await tab.Button("New event type").ClickAsync();
        await tab.Field("Name").FillAsync(name);
        await tab.Field("Category").FillAsync("Sensors");
        await tab.Field("Description").FillAsync("A sensor has reported a value.");
        await tab.Field("Example").FillAsync("{}");
        await tab.Button("Save").ClickAsync();
        await tab.ShowsText("example.id is required");
        await tab.Field("Example").FillAsync("""{ "id": "s-1", "number": 12345678901234567890.10 }""");
        await tab.Button("Save").ClickAsync();

        await tab.ShowsHeading(name);
        await tab.ShowsText("A sensor has reported a value.");
        await tab.Button("Edit").ClickAsync();
        await tab.Field("Description").FillAsync("Changed.");
        await tab.Button("Save").ClickAsync();
        await tab.ShowsText("Changed.");
        await tab.ShowsText("12345678901234567890.10");
        Assert.Contains(
            "\"number\":12345678901234567890.10}",
            (await app.AsAdmin().Get($"/api/event-types/{name}")).Text,
            StringComparison.Ordinal
        );
        await tab.Button("Delete").ClickAsync();
        await tab.Dialog.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await tab.ShowsHeading("Event types");
        await Assertions.Expect(tab.Link(name)).ToHaveCountAsync(0);
        Assert.DoesNotContain(tab.ConsoleErrors, line => !line.Contains("400", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Relay_says_what_to_do_when_no_subscriber_is_configured()
    {
        await using var tab = await portal.OpenAs("read");
        await tab.GoTo("relay");

        await tab.ShowsText("No Relay subscriber is configured.");
    }

    [Fact]
    public async Task Relay_shows_each_subscribers_last_poll_and_lag()
    {
        await using var tab = await portal.OpenAsAdmin();
        await tab.Page.RouteAsync(
            "**/api/health",
            route =>
                route.FulfillAsync(
                    new()
                    {
                        ContentType = "application/json",
                        Body = """
                        {
                          "status": "healthy",
                          "caller": { "role": "admin" },
                          "relay": [
                            { "subscriberId": "sub-1", "organizationId": 3, "state": "healthy", "lastSuccessfulPollAt": "2026-01-01T00:00:00Z", "lagSeconds": 42 },
                            { "subscriberId": "sub-2", "organizationId": 4, "state": "failing", "lastSuccessfulPollAt": null, "lagSeconds": null,
                              "error": { "kind": "status", "detail": "Relay returned 401 Unauthorized.", "hint": "Check the key." } },
                            { "subscriberId": "sub-3", "organizationId": 5, "state": "waiting", "lastSuccessfulPollAt": null, "lagSeconds": null }
                          ]
                        }
                        """,
                    }
                )
        );
        await tab.GoTo("relay");

        await Assertions.Expect(tab.Rows).ToContainTextAsync(["Healthy", "Relay returned 401 Unauthorized.", "Not polled yet"]);
        await Assertions.Expect(tab.Rows.First).ToContainTextAsync("42.0\u00a0s");
        await Assertions.Expect(tab.Rows.Nth(1)).ToContainTextAsync("Check the key.");
    }
}
