using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Replays;

namespace EventSubscriptions.Tests.Replays;

public sealed class ReplaySliceTests : ReplayTestBase
{
    [Fact]
    public async Task Slice_has_no_further_effect_when_it_is_redelivered()
    {
        await ArchiveAsync(24);
        var replay = await StartAsync();

        var ended = await FinishAsync(replay, times: 2);

        Assert.Equal((ReplayState.Completed, 24L, 24L), (ended.State, ended.Matched, ended.Sent));
        Assert.Equal(24, _order.Count);
        Assert.Equal(["1 state=started", "1 state=completed"], _metrics.Of("event_subscriptions.replays"));
        Assert.Single(await EntriesAsync(AuditType.ReplayStarted));
        Assert.Single(await EntriesAsync(AuditType.ReplayEnded));
    }

    [Fact]
    public async Task Slice_is_repeated_when_its_deliveries_cannot_be_queued()
    {
        await ArchiveAsync(8);
        var replay = await StartAsync();
        while (!(await Store().GetAsync(_subscription.Id, replay.Id, default))!.State.Equals(ReplayState.Running))
        {
            await RunNextAsync();
        }

        _services.Deliveries.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);
        var slice = Next();
        await Assert.ThrowsAsync<ServiceBusException>(() => Processor().ProcessAsync(slice, default));
        _services.Deliveries.Failure = null;
        await Processor().ProcessAsync(slice, default);

        await FinishAsync(replay);
        Assert.Equal(8, _order.Count);
    }

    [Fact]
    public async Task Replay_completes_when_a_processed_slice_is_dead_lettered()
    {
        await ArchiveAsync(8);
        var replay = await StartAsync();
        var first = Next();
        await Processor().ProcessAsync(first, default);

        await Lifecycle().FailAsync(first, s_deadLettered, default);

        var ended = await FinishAsync(replay);
        Assert.Equal((ReplayState.Completed, 8L), (ended.State, ended.Sent));
        Assert.Equal(8, _order.Count);
    }

    [Fact]
    public async Task Replay_fails_when_a_slice_that_could_not_queue_the_next_is_dead_lettered()
    {
        await ArchiveAsync(8);
        var replay = await StartAsync();
        var first = Next();
        _services.Replays.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);
        await Assert.ThrowsAsync<ServiceBusException>(() => Processor().ProcessAsync(first, default));

        await Lifecycle().FailAsync(first, s_deadLettered, default);

        Assert.Equal(ReplayState.Failed, (await Store().GetAsync(_subscription.Id, replay.Id, default))!.State);
    }

    [Fact]
    public async Task Slice_sends_nothing_when_it_is_redelivered_after_duplicate_detection_expired()
    {
        await ArchiveAsync(24);
        await StartAsync();
        var slice = Next();
        while (!slice.Sends)
        {
            await Processor().ProcessAsync(slice, default);
            slice = Next();
        }

        await Processor().ProcessAsync(slice, default);
        var sent = Created();
        Time.Advance(TimeSpan.FromHours(2));
        await Processor().ProcessAsync(slice, default);

        Assert.Equal(sent, Created());
    }

    [Fact]
    public async Task Message_round_trips_all_properties_of_its_slice()
    {
        var message = new ReplayMessage
        {
            OrganizationId = _organization,
            SubscriptionId = _subscription.Id,
            ReplayId = ReplayId.New(Time),
            Sends = true,
            Slice = 7,
            Postponements = 2,
            After = "key",
            Matched = long.MaxValue,
            Sent = 5,
            LogRows = 9,
        };
        await _services.Replays.SendMessageAsync(message.ToServiceBusMessage());

        Assert.Equal(message, Next());
    }
}
