using System.Net;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Replays for a receiver that was down.</summary>
public sealed class CatchUpScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Replays_deliver_failed_and_missed_events_after_an_automatic_deactivation()
    {
        await using var app = await AppProcess.Start(
            ("Deliveries__RetrySchedule", "00:00:00.100,00:00:00.100,00:00:00.100,01:00:00"),
            ("Deliveries__DeactivateAfter", "00:00:00.150"),
            ("Deliveries__DeactivateMinFailures", "4")
        );
        var organization = Organization.New(app);
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        await organization.PublishCase(eventId: "fine");
        await subscription.Attempted("delivered", 1);
        hook.Responds(500);
        await organization.PublishCase(eventId: "failed");
        Assert.Equal("failing", Assert.Single(await organization.Audited("subscription.deactivated", 1)).Error!.Kind);
        var missed = await organization.PublishCases(5, "missed");
        await ReplayRuns.Archived(organization, 7);
        (await ReplayRuns.Post(subscription, "missed")).Expect(HttpStatusCode.Conflict);
        Assert.Equal((1, 5), (await ReplayRuns.Count(subscription, "failed"), await ReplayRuns.Count(subscription, "missed")));

        hook.Responds(200);
        await subscription.Change(new { isActive = true });
        await ReplayRuns.Run(subscription, "missed");
        await subscription.Attempted("delivered", 6);
        await ReplayRuns.Run(subscription, "failed");

        var delivered = await subscription.Attempted("delivered", 7);
        Assert.Equal(missed.Append("failed").Append("fine").Order(StringComparer.Ordinal), EventIds(delivered));
        Assert.Equal("healthy", (await subscription.Get()).Health.State);
        Assert.Equal((0, 0), (await ReplayRuns.Count(subscription, "failed"), await ReplayRuns.Count(subscription, "missed")));
        Assert.Equal(0, await app.Stop());
    }

    [Fact]
    public async Task Replay_of_failed_events_includes_throttled_and_gone_ones()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook().Responds(429);
        var subscription = await organization.Subscribe(hook);
        await organization.PublishCase(eventId: "busy");
        await organization.Audited("delivery.deadLettered", 1);
        Assert.Equal(
            ["throttled", "throttled", "throttled", "throttled"],
            (await subscription.Attempts()).Select(attempt => attempt.Outcome)
        );
        hook.Responds(410);
        await subscription.Change(new { description = "A change ends the cooldown." });
        await organization.PublishCase(eventId: "gone");
        await organization.Audited("subscription.deactivated", 1);
        await subscription.Attempted("gone", 1);
        hook.Responds(200);
        await subscription.Change(new { isActive = true });

        var replay = await ReplayRuns.Run(subscription, "failed");

        Assert.Equal((2, 2), (replay.Matched, replay.Sent));
        Assert.Equal(["busy", "gone"], EventIds(await subscription.Attempted("delivered", 2)));
        Assert.Equal((0, 0), (await ReplayRuns.Count(subscription, "failed"), await ReplayRuns.Count(subscription, "missed")));
    }

    private static IEnumerable<string> EventIds(IEnumerable<AttemptResult> attempts) =>
        attempts.Select(attempt => attempt.EventId).Order(StringComparer.Ordinal);
}
