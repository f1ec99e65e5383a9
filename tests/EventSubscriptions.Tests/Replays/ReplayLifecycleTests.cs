using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Replays;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Tests.Replays;

public sealed class ReplayLifecycleTests : ReplayTestBase
{
    [Fact]
    public async Task Replay_fails_when_it_cannot_be_queued()
    {
        _services.Replays.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);

        await Assert.ThrowsAsync<ServiceBusException>(() => StartAsync());

        Assert.Equal(
            ReplayState.Failed,
            Assert.Single((await Store().ListAsync(_subscription.Id, new PageRequest("test", 10, null), default)).Items).State
        );
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(6)]
    public async Task Replay_fails_when_it_made_no_progress_for_a_day(int slices)
    {
        await ArchiveAsync(24);
        var replay = await StartAsync();
        for (var slice = 0; slice < slices; slice++)
        {
            await RunNextAsync();
        }

        Time.Advance(TimeSpan.FromHours(23));
        await Lifecycle().FailStalledAsync(default);
        Assert.False((await Store().GetAsync(_subscription.Id, replay.Id, default))!.HasEnded);
        Time.Advance(TimeSpan.FromHours(2));
        await Lifecycle().FailStalledAsync(default);

        var ended = (await Store().GetAsync(_subscription.Id, replay.Id, default))!;
        Assert.Equal((ReplayState.Failed, Time.GetUtcNow()), (ended.State, ended.EndedAt));
        Assert.Equal(ReplayFailure.Stalled, Assert.Single(await EntriesAsync(AuditType.ReplayEnded)).Error!.Kind);
        Assert.Empty(await Store().ListEventsAsync(replay.Id, after: null, 100, default));
    }

    [Fact]
    public async Task Ended_replay_stays_unchanged()
    {
        await ArchiveAsync(3);
        var ended = await FinishAsync(await StartAsync());

        Time.Advance(TimeSpan.FromDays(2));
        await Lifecycle().FailStalledAsync(default);

        Assert.Equal(ended, await Store().GetAsync(_subscription.Id, ended.Id, default));
    }

    [Fact]
    public async Task Replay_is_not_started_when_its_organization_has_reached_the_limit()
    {
        await ArchiveAsync(3);
        var first = await StartAsync(max: 2);
        await StartAsync(replay => replay with { SubscriptionId = SubscriptionId.New(Time) }, max: 2);
        Assert.Null(await TryStartAsync(max: 2));
        var others = Given.Organization();
        Assert.NotNull(await TryStartAsync(replay => replay with { OrganizationId = others }, max: 2));

        await Lifecycle().CancelAsync(first.SubscriptionId, first.Id, Given.Actor("operator"), default);

        Assert.NotNull(await TryStartAsync(max: 2));
        Assert.Null(await TryStartAsync(max: 2));
    }

    [Fact]
    public async Task Replays_are_limited_when_they_start_concurrently()
    {
        var lifecycle = Lifecycle();

        var started = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => TryStartAsync(max: 3, lifecycle: lifecycle))));

        Assert.Equal(3, started.Count(replay => replay is not null));
    }

    [Fact]
    public async Task Replay_is_started_when_others_have_ended_or_were_never_stored()
    {
        await ArchiveAsync(3);
        await FinishAsync(await StartAsync(max: 1));
        var left = new TableEntity($"{_organization}", $"{ReplayId.New(Time)}") { ["subscriptionId"] = $"{_subscription.Id}" };
        await _services.Tables.GetTableClient(TableNames.Replays).AddEntityAsync(left);
        Assert.Null(await TryStartAsync(max: 1));
        Time.Advance(TimeSpan.FromMinutes(2));

        Assert.NotNull(await TryStartAsync(max: 1));
    }
}
