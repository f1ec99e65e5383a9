using System.Net;
using System.Text.Json.Nodes;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>How a receiver gets what it has lost while it was in trouble.</summary>
public sealed class CatchUpScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Replays_of_what_failed_and_was_missed_make_up_for_an_automatic_deactivation()
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
        hook.Answers(500);
        await organization.PublishCase(eventId: "failed");
        Assert.Equal("failing", (string)Assert.Single(await organization.Audited("subscription.deactivated", 1))["error"]!["kind"]!);
        var missed = await organization.PublishCases(5, "missed");
        await ReplayRuns.Archived(organization, 7);
        (await organization.Api.Post(subscription.Path + "/replays", ReplayRuns.Body("missed"))).Expect(HttpStatusCode.Conflict);
        Assert.Equal((1, 5), (await ReplayRuns.Count(subscription, "failed"), await ReplayRuns.Count(subscription, "missed")));

        hook.Answers(200);
        (await organization.Api.Patch(subscription.Path, new JsonObject { ["isActive"] = true })).Expect(HttpStatusCode.OK);
        await ReplayRuns.Run(subscription, "missed");
        await subscription.Attempted("delivered", 6);
        await ReplayRuns.Run(subscription, "failed");

        var delivered = await subscription.Attempted("delivered", 7);
        Assert.Equal(missed.Append("failed").Append("fine").Order(StringComparer.Ordinal), EventIds(delivered));
        Assert.Equal("healthy", (string)(await organization.Api.Get(subscription.Path)).Json["health"]!["state"]!);
        Assert.Equal((0, 0), (await ReplayRuns.Count(subscription, "failed"), await ReplayRuns.Count(subscription, "missed")));
        Assert.Equal(0, await app.Stop());
    }

    [Fact]
    public async Task Replay_of_what_failed_sends_what_was_given_up_by_a_busy_receiver_and_by_one_that_was_gone()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook().Answers(429);
        var subscription = await organization.Subscribe(hook);
        await organization.PublishCase(eventId: "busy");
        await organization.Audited("delivery.deadLettered", 1);
        Assert.Equal(
            ["throttled", "throttled", "throttled", "throttled"],
            (await subscription.Attempts()).Select(attempt => (string)attempt["outcome"]!)
        );
        hook.Answers(410);
        (await organization.Api.Patch(subscription.Path, new JsonObject { ["description"] = "Its change ends the rest." })).Expect(
            HttpStatusCode.OK
        );
        await organization.PublishCase(eventId: "gone");
        await organization.Audited("subscription.deactivated", 1);
        await subscription.Attempted("gone", 1);
        hook.Answers(200);
        (await organization.Api.Patch(subscription.Path, new JsonObject { ["isActive"] = true })).Expect(HttpStatusCode.OK);

        var replay = await ReplayRuns.Run(subscription, "failed");

        Assert.Equal((2, 2), ((int)replay["matched"]!, (int)replay["sent"]!));
        Assert.Equal(["busy", "gone"], EventIds(await subscription.Attempted("delivered", 2)));
        Assert.Equal((0, 0), (await ReplayRuns.Count(subscription, "failed"), await ReplayRuns.Count(subscription, "missed")));
    }

    private static IEnumerable<string> EventIds(IEnumerable<JsonNode> attempts) =>
        attempts.Select(attempt => (string)attempt["eventId"]!).Order(StringComparer.Ordinal);
}
