using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class HealthScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Health_is_failing_until_the_receiver_recovers()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook().Responds(500, 500, 500, 500, 200);
        var subscription = await organization.Subscribe(hook);
        Assert.Equal(SubscriptionHealthResult.Healthy, subscription.Created.Read<SubscriptionResult>().Health);

        await organization.PublishCase();
        await organization.Audited("delivery.deadLettered", 1);
        var failing = await Health(subscription);

        Assert.Equal(("failing", 4), (failing.State, failing.Failures));
        Assert.NotNull(failing.FailingSince);
        Assert.Equal(failing, Assert.Single(await organization.Subscriptions()).Health);

        await organization.PublishCase();
        await subscription.Attempted("delivered", 1);

        Assert.Equal(SubscriptionHealthResult.Healthy, await Health(subscription));
    }

    [Fact]
    public async Task Subscription_is_deactivated_once_when_its_receiver_returns_410()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook().Responds(410);
        var subscription = await organization.Subscribe(hook);

        var eventId = await organization.PublishCase();
        var attempt = Assert.Single(await subscription.Attempted("gone", 1));
        var entry = Assert.Single(await organization.Audited("subscription.deactivated", 1));

        Assert.Equal(eventId, attempt.EventId);
        Assert.Null(attempt.NextAttemptAt);
        Assert.Equal("gone", entry.Error!.Kind);
        Assert.NotEmpty(entry.Error!.Hint!);
        var shown = await subscription.Get();
        Assert.False(shown.IsActive);
        Assert.Equal("deactivated", shown.Health.State);
        Assert.Equal("The receiver returned 410 Gone.", shown.Health.Reason);
        Assert.Equal(410, Assert.Single(await organization.AuditLog("delivery.failed")).StatusCode);
        Assert.Single(hook.Requests);
    }

    [Fact]
    public async Task Subscription_is_deactivated_after_long_failure_and_delivers_again_when_it_is_activated()
    {
        await using var app = await AppProcess.Start(
            ("Deliveries__RetrySchedule", "00:00:00.100,00:00:00.100,00:00:00.100,01:00:00"),
            ("Deliveries__DeactivateAfter", "00:00:00.150"),
            ("Deliveries__DeactivateMinFailures", "4")
        );
        await using var receiver = await Receiver.Start();
        var organization = Organization.New(app);
        var hook = receiver.NewHook().Responds(500, 500, 500, 500, 200);
        var subscription = await organization.Subscribe(hook);

        var missed = await organization.PublishCase();
        var entry = Assert.Single(await organization.Audited("subscription.deactivated", 1));

        Assert.Equal("failing", entry.Error!.Kind);
        Assert.NotEmpty(entry.Error!.Hint!);
        Assert.Null(entry.Actor);
        var health = await Health(subscription);
        Assert.Equal(("deactivated", 4), (health.State, health.Failures));
        Assert.Equal(entry.Error!.Detail, health.Reason);

        var activated = await subscription.Change(new { isActive = true });
        Assert.Equal(SubscriptionHealthResult.Healthy, activated.Health);
        var next = await organization.PublishCase();
        await hook.Received(next);

        await subscription.Attempted("delivered", 1);
        Assert.Equal([missed, missed, missed, missed], (await subscription.Attempts("failed")).Select(attempt => attempt.EventId));
        Assert.Equal(0, await app.Stop());
    }

    private static async Task<SubscriptionHealthResult> Health(SubscriptionHandle subscription) => (await subscription.Get()).Health;
}
