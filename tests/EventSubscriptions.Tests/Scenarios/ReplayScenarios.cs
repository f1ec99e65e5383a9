using System.Net;
using System.Text.Json.Nodes;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class ReplayScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task New_subscription_is_back_filled_with_what_it_has_missed()
    {
        var organization = shared.NewOrganization();
        var before = await organization.PublishCases(20, "before");
        await ReplayRuns.Archived(organization, 20);
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        var live = await organization.PublishCase(eventId: "live");
        await subscription.Attempted("delivered", 1);

        var replay = await ReplayRuns.Run(subscription, "missed");

        Assert.Equal(("completed", 20, 20), ((string)replay["state"]!, (int)replay["matched"]!, (int)replay["sent"]!));
        var requests = await hook.Received(21);
        Assert.Equal(
            before.Append(live).Order(StringComparer.Ordinal),
            requests.Select(request => request.EventId).Order(StringComparer.Ordinal)
        );
        var attempts = await subscription.Attempted("delivered", 21);
        Assert.Equal(20, attempts.Count(attempt => (string)attempt["run"]! == (string)replay["id"]!));
        Assert.Equal(0, (int)(await ReplayRuns.Run(subscription, "missed"))["matched"]!);
    }

    [Fact]
    public async Task Replay_of_what_failed_sends_that_alone()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        await organization.PublishCase(eventId: "fine");
        await hook.Received("fine");
        hook.Answers(500);
        await organization.PublishCases(2, "bad");
        await organization.Audited("delivery.deadLettered", 2);
        hook.Answers(200);

        var replay = await ReplayRuns.Run(subscription, "failed");

        Assert.Equal((2, 2), ((int)replay["matched"]!, (int)replay["sent"]!));
        var delivered = await subscription.Attempted("delivered", 3);
        Assert.Equal(["bad-0", "bad-1", "fine"], delivered.Select(attempt => (string)attempt["eventId"]!).Order(StringComparer.Ordinal));
        Assert.Equal(0, (int)(await ReplayRuns.Run(subscription, "failed"))["matched"]!);
        Assert.Equal(3, await ReplayRuns.Count(subscription, "all"));
    }

    [Fact]
    public async Task Dry_run_counts_what_an_inactive_subscription_misses_and_sends_nothing()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        (await organization.Api.Patch(subscription.Path, new JsonObject { ["isActive"] = false })).Expect(HttpStatusCode.OK);
        await organization.PublishCases(3, "missed");
        await ReplayRuns.Archived(organization, 3);

        (await organization.Api.Post(subscription.Path + "/replays", ReplayRuns.Body("missed"))).Expect(HttpStatusCode.Conflict);
        var replay = await ReplayRuns.Ended(subscription, await ReplayRuns.Start(subscription, "missed", dryRun: true));

        Assert.Equal((3, 0, true), ((int)replay["matched"]!, (int)replay["sent"]!, (bool)replay["dryRun"]!));
        Assert.Equal(0, hook.Count);
    }

    [Fact]
    public async Task Replays_are_listed_oldest_first_and_audited_with_who_started_them()
    {
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(shared.Receiver.NewHook());
        var first = (string)(await ReplayRuns.Run(subscription, "all"))["id"]!;
        var second = (string)(await ReplayRuns.Run(subscription, "all"))["id"]!;

        Assert.Equal(
            [first, second],
            (await organization.Api.GetAll(subscription.Path + "/replays?pageSize=1")).Select(replay => (string)replay["id"]!)
        );
        var started = await organization.Audited("replay.started", 2);
        var ended = await organization.Audited("replay.ended", 2);
        Assert.Equal([second, first], started.Select(entry => (string)entry["changes"]!["replay"]!["to"]!));
        Assert.All(started, entry => Assert.NotNull(entry["actor"]));
        Assert.All(ended, entry => Assert.Equal("completed", (string)entry["changes"]!["state"]!["to"]!));
        (await organization.Api.Delete($"{subscription.Path}/replays/{first}")).Expect(HttpStatusCode.Conflict);
        (await organization.Api.Get($"{subscription.Path}/replays/rpl_00000000000000000000000000")).Expect(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Request_with_mistakes_names_them_all()
    {
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(shared.Receiver.NewHook());

        var none = (await organization.Api.Post(subscription.Path + "/replays", new JsonObject())).Expect(HttpStatusCode.BadRequest).Json[
            "errors"
        ]!.AsObject();
        var many = (
            await organization.Api.Post(
                subscription.Path + "/replays",
                new JsonObject
                {
                    ["from"] = ReplayRuns.LongAgo,
                    ["to"] = ReplayRuns.LongAgo,
                    ["events"] = new JsonArray("CaseClosedEvnt"),
                    ["only"] = "some",
                    ["dryRun"] = "yes",
                    ["rate"] = 1,
                }
            )
        ).Expect(HttpStatusCode.BadRequest).Json["errors"]!.AsObject();

        Assert.Equal(["from"], none.Select(error => error.Key));
        Assert.Equal(["dryRun", "events[0]", "only", "rate", "to"], many.Select(error => error.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Cancelled_replay_sends_no_further_slice()
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
        Assert.Equal("cancelled", (string)replay["state"]!);
        Assert.Equal(200, (int)replay["matched"]!);
        Assert.InRange((int)replay["sent"]!, 1, 160);
        Assert.NotNull(replay["endedAt"]);
        var ended = Assert.Single(await EndEntries(subscription));
        Assert.NotNull(ended["actor"]);
        (await organization.Api.Delete($"{subscription.Path}/replays/{id}")).Expect(HttpStatusCode.NoContent);

        // What it had put on the queue arrives; another replay finds the rest.
        await hook.Received((int)replay["sent"]!);
        Assert.InRange(await ReplayRuns.Count(subscription, "missed"), 40, 199);
    }

    [Fact]
    public async Task Replay_of_thousands_goes_on_when_the_app_is_killed_in_the_middle()
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
        Assert.Equal(("completed", 3_000, 3_000), ((string)replay["state"]!, (int)replay["matched"]!, (int)replay["sent"]!));
        Assert.Single(await EndEntries(subscription));
        Assert.Equal(0, await app.Stop());
        Assert.InRange(hook.Count - 3_000, 0, 256);
    }

    private static Task<IReadOnlyList<JsonNode>> EndEntries(SubscriptionHandle subscription) =>
        subscription.Organization.Api.GetAll(
            $"{subscription.Organization.Path}/audit-logs?type=replay.ended&subscriptionId={subscription.Id}"
        );
}
