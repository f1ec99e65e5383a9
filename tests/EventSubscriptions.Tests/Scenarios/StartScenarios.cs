using System.Net;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>A start while the tables are out of reach.</summary>
public sealed class StartScenarios
{
    [Fact]
    public async Task App_starts_without_its_tables_and_works_when_they_are_available()
    {
        await using var azurite = await AzuriteServer.StartAsync();
        await azurite.StopAsync();
        await using var app = await AppProcess.Start(("Tables", azurite.ConnectionString));
        Assert.True(app.StartTime >= TimeSpan.FromSeconds(20), $"{app.StartTime}");
        Assert.Contains("Starting without tables", app.Output, StringComparison.Ordinal);

        var admin = app.AsAdmin();
        var health = (await admin.Get("/api/health")).Expect(HttpStatusCode.ServiceUnavailable).Read<HealthResult>();
        Assert.Equal(("unhealthy", "healthy"), (health.Checks!.GetValueOrDefault("tables"), health.Checks!.GetValueOrDefault("queues")));
        var organization = Organization.New(app);
        (await admin.Get($"{organization.Path}/subscriptions")).Expect(HttpStatusCode.ServiceUnavailable);
        await organization.PublishCase();
        await Eventually.Get(
            () => AppQueues.Of(admin),
            queues => queues.Any(queue => queue is { Name: "fanout", Scheduled: 1 }),
            queues => $"a postponed event: {string.Join(", ", queues)}"
        );

        await azurite.StartAgainAsync();

        await Eventually.Until(async () => (await admin.Get("/api/health")).Status == HttpStatusCode.OK, () => "health");
        (await admin.Get($"{organization.Path}/subscriptions")).Expect(HttpStatusCode.OK);
        await Eventually.QueuesAreEmpty(app);
        Assert.Empty(await organization.AuditLog("event.deadLettered"));
    }
}
