using System.Net;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class ReplayScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Replay_delivers_missed_events_to_a_new_subscription()
    {
        var organization = shared.NewOrganization();
        var before = await organization.PublishCases(20, "before");
        await ReplayRuns.Archived(organization, 20);
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        var live = await organization.PublishCase(eventId: "live");
        await subscription.Attempted("delivered", 1);

        var replay = await ReplayRuns.Run(subscription, "missed");

        Assert.Equal(("completed", 20L, 20L), (replay.State, replay.Matched, replay.Sent));
        var requests = await hook.Received(21);
        Assert.Equal(
            before.Append(live).Order(StringComparer.Ordinal),
            requests.Select(request => request.EventId).Order(StringComparer.Ordinal)
        );
        var attempts = await subscription.Attempted("delivered", 21);
        Assert.Equal(20, attempts.Count(attempt => attempt.Run == replay.Id));
        Assert.Equal(0, (await ReplayRuns.Run(subscription, "missed")).Matched);
    }

    [Fact]
    public async Task Replay_of_failed_events_sends_no_others()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        await organization.PublishCase(eventId: "fine");
        await hook.Received("fine");
        hook.Responds(500);
        await organization.PublishCases(2, "bad");
        await organization.Audited("delivery.deadLettered", 2);
        hook.Responds(200);

        var replay = await ReplayRuns.Run(subscription, "failed");

        Assert.Equal((2, 2), (replay.Matched, replay.Sent));
        var delivered = await subscription.Attempted("delivered", 3);
        Assert.Equal(["bad-0", "bad-1", "fine"], delivered.Select(attempt => attempt.EventId).Order(StringComparer.Ordinal));
        Assert.Equal(0, (await ReplayRuns.Run(subscription, "failed")).Matched);
        Assert.Equal(3, await ReplayRuns.Count(subscription, "all"));
    }

    [Fact]
    public async Task Dry_run_counts_missed_events_of_an_inactive_subscription_and_sends_nothing()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        await subscription.Change(new { isActive = false });
        await organization.PublishCases(3, "missed");
        await ReplayRuns.Archived(organization, 3);

        (await ReplayRuns.Post(subscription, "missed")).Expect(HttpStatusCode.Conflict);
        var replay = await ReplayRuns.Ended(subscription, await ReplayRuns.Start(subscription, "missed", dryRun: true));

        Assert.Equal((3, 0, true), (replay.Matched, replay.Sent, replay.DryRun));
        Assert.Equal(0, hook.Count);
    }

    [Fact]
    public async Task Replays_are_listed_oldest_first_and_audited_with_their_actor()
    {
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(shared.Receiver.NewHook());
        var first = (await ReplayRuns.Run(subscription, "all")).Id;
        var second = (await ReplayRuns.Run(subscription, "all")).Id;

        Assert.Equal(
            [first, second],
            (await organization.Api.GetAll<ReplayResult>(subscription.Path + "/replays?pageSize=1")).Select(replay => replay.Id)
        );
        var started = await organization.Audited("replay.started", 2);
        var ended = await organization.Audited("replay.ended", 2);
        Assert.Equal([second, first], started.Select(entry => entry.NewTextOf("replay")));
        Assert.All(started, entry => Assert.NotNull(entry.Actor));
        Assert.All(ended, entry => Assert.Equal("completed", entry.NewTextOf("state")));
        (await organization.Api.Delete($"{subscription.Path}/replays/{first}")).Expect(HttpStatusCode.Conflict);
        (await organization.Api.Get($"{subscription.Path}/replays/rpl_00000000000000000000000000")).Expect(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Field_errors_of_a_replay_are_all_reported()
    {
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(shared.Receiver.NewHook());

        var none = (await organization.Api.Post(subscription.Path + "/replays", new { }))
            .Expect(HttpStatusCode.BadRequest)
            .Read<ProblemResult>();
        var many = (
            await organization.Api.Post(
                subscription.Path + "/replays",
                new
                {
                    from = ReplayRuns.LongAgo,
                    to = ReplayRuns.LongAgo,
                    events = new[] { "CaseClosedEvnt" },
                    only = "some",
                    dryRun = "yes",
                    rate = 1,
                }
            )
        ).Expect(HttpStatusCode.BadRequest).Read<ProblemResult>();

        Assert.Equal(["from"], none.Errors!.Keys);
        Assert.Equal(["dryRun", "events[0]", "only", "rate", "to"], many.Errors!.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Cancelled_replay_sends_no_further_slices()
    {
        await using var app = await AppProcess.Start(("Replays__RatePerSecond", "20"));
        var organization = Organization.New(app);
        await organization.PublishCases(200, "case");
        await ReplayRuns.Archived(organization, 200);
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        var id = await ReplayRuns.Start(subscription, "missed");
        await hook.Received(5);

        (await organization.Api.Delete($"{subscription.Path}/replays/{id}")).Expect(HttpStatusCode.NoContent);

        var replay = await ReplayRuns.Get(subscription, id);
        Assert.Equal("cancelled", replay.State);
        Assert.Equal(200, replay.Matched);
        Assert.InRange(replay.Sent, 1, 160);
        Assert.NotNull(replay.EndedAt);
        var ended = Assert.Single(await EndEntries(subscription));
        Assert.NotNull(ended.Actor);
        (await organization.Api.Delete($"{subscription.Path}/replays/{id}")).Expect(HttpStatusCode.NoContent);

        // Queued events still arrive; another replay finds the rest.
        await hook.Received((int)replay.Sent);
        Assert.InRange(await ReplayRuns.Count(subscription, "missed"), 40, 199);
    }

    [Fact]
    public async Task Replay_of_thousands_completes_when_the_app_is_killed_meanwhile()
    {
        await using var app = await AppProcess.Start(("Replays__RatePerSecond", "1000"));
        var organization = Organization.New(app);
        var ids = await organization.PublishCases(3_000, "case");
        await ReplayRuns.Archived(organization, 3_000);
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        var id = await ReplayRuns.Start(subscription, "missed");
        await hook.Received(200);

        await app.Kill();
        Assert.InRange(hook.Count, 200, 2_999);
        await app.StartAgain();

        await Eventually.Until(
            () => ids.ToHashSet(StringComparer.Ordinal).IsSubsetOf(hook.Requests.Select(request => request.EventId)),
            () => $"every event, {hook.Requests.Select(request => request.EventId).Distinct(StringComparer.Ordinal).Count()} came"
        );
        var replay = await ReplayRuns.Ended(subscription, id);
        Assert.Equal(("completed", 3_000L, 3_000L), (replay.State, replay.Matched, replay.Sent));
        Assert.Single(await EndEntries(subscription));
        Assert.Equal(0, await app.Stop());
        Assert.InRange(hook.Count - 3_000, 0, 256);
    }

    private static Task<IReadOnlyList<AuditLogEntry>> EndEntries(SubscriptionHandle subscription) =>
        subscription.Organization.Api.GetAll<AuditLogEntry>(
            $"{subscription.Organization.Path}/audit-logs?type=replay.ended&subscriptionId={subscription.Id}"
        );
}
