using System.Net;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>The main job from the first key to the audit log, the same on every kind of tables.</summary>
public abstract class MainJobScenarios
{
    [Fact]
    public async Task Main_job_works_from_the_first_key_to_the_audit_log()
    {
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start([.. await Settings(), ("Deliveries__RetrySchedule", "00:00:00.200,00:00:00.200")]);
        var organization = Organization.New(app);
        organization = organization.SeenBy(app.As(await Keys.Create(app, "manage", organization.Id)));

        var (steady, flaky, absent) = (receiver.NewHook(), receiver.NewHook().Responds(500, 500, 200), receiver.NewHook().Responds(404));
        var subscription = await organization.Subscribe(steady, Some.CaseEvent, "CaseClosedEvent");
        var retried = await organization.Subscribe(flaky, Some.CaseEvent);
        var failing = await organization.Subscribe(absent, Some.CaseEvent);
        Assert.Equal(3, (await organization.Subscriptions("?pageSize=1")).Count);

        var eventId = await organization.PublishCase();
        await steady.Received(eventId);
        Assert.Equal(3, (await flaky.Received(3)).Count);
        await retried.Attempted("delivered", 1);
        var deadLetter = Assert.Single(await organization.Audited("delivery.deadLettered", 1));
        Assert.Equal(failing.Id, deadLetter.SubscriptionId);
        Assert.Equal(3, (await failing.Attempts("failed")).Count);
        Assert.Equal(5, (await organization.AuditLog("delivery.failed")).Count);

        await subscription.Change(new { isActive = false });
        (await organization.Api.Patch(retried.Path, new { token = "another-token-of-the-receiver" }, retried.Created.ETag)).Expect(
            HttpStatusCode.OK
        );
        (await organization.Api.Delete(failing.Path)).Expect(HttpStatusCode.NoContent);
        var second = await organization.PublishCase();
        await flaky.Received(second);
        await Eventually.Until(async () => (await retried.Attempts("delivered"))[0].EventId == second, () => "the second event in the log");
        Assert.Equal(1, steady.Count);
        Assert.Equal(3, absent.Count);
        Assert.Equal(
            "subscription.deleted, subscription.updated, subscription.deactivated, subscription.created, subscription.created, subscription.created",
            string.Join(
                ", ",
                (await organization.AuditLog())
                    .Select(entry => entry.Type)
                    .Where(type => type.StartsWith("subscription.", StringComparison.Ordinal))
            )
        );
    }

    /// <summary>Where the app keeps its tables.</summary>
    private protected abstract Task<(string Name, string Value)[]> Settings();
}

public sealed class MainJobOnLocalTables : MainJobScenarios
{
    private protected override Task<(string Name, string Value)[]> Settings() => Task.FromResult<(string, string)[]>([]);
}

public sealed class MainJobOnAzurite : MainJobScenarios
{
    private protected override async Task<(string Name, string Value)[]> Settings() =>
        [("Tables", (await AzuriteServer.SharedAsync()).ConnectionString)];
}
