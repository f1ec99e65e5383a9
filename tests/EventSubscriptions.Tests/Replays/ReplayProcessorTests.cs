using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Replays;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions.Filters;

namespace EventSubscriptions.Tests.Replays;

public sealed class ReplayProcessorTests : ReplayTestBase
{
    [Fact]
    public async Task Events_are_sent_oldest_first_at_the_rate()
    {
        await ArchiveAsync(24);
        var replay = await StartAsync();

        var ended = await FinishAsync(replay);

        Assert.Equal((ReplayState.Completed, 24L, 24L), (ended.State, ended.Matched, ended.Sent));
        Assert.Equal(24, Created());
        Assert.Equal(Enumerable.Range(0, 24).Select(n => $"event-{n}"), _order);
        Assert.All(Enumerable.Range(0, 24), n => Assert.Equal(s_step * n, _arrivals[$"event-{n}"] - _arrivals["event-0"]));
    }

    [Fact]
    public async Task Events_are_sent_when_time_range_subscription_and_request_match()
    {
        await ArchiveAsync(6, "Wanted");
        await ArchiveAsync(3, "AlsoWanted", "also");
        await ArchiveAsync(3, "Unwanted", "unwanted");
        var from = _start.AddSeconds(1);

        var ended = await FinishAsync(
            await StartAsync(replay => replay with { From = from, To = from.AddSeconds(3), Events = ["Wanted", "Unwanted"] })
        );

        Assert.Equal(["event-1", "event-2", "event-3"], _order);
        Assert.Equal(3, ended.Sent);
    }

    [Theory]
    [InlineData(ReplaySelection.All, "event-3 event-4 event-5")]
    [InlineData(ReplaySelection.Missed, "event-4 event-5")]
    public async Task Events_are_sent_when_the_filter_of_the_subscription_accepts_them(ReplaySelection only, string sent)
    {
        await ArchiveAsync(6);
        await AttemptsAsync("event-3", DeliveryOutcome.Delivered);
        var filter = SubscriptionFilter.Parse("""{"data.number":{"$gte":3}}""");
        await Given
            .SubscriptionStore(_services.Tables, Time)
            .UpdateAsync(_subscription with { Filter = filter, ETag = ETag.All }, [], health: null, default);

        var ended = await FinishAsync(await StartAsync(replay => replay with { Only = only }));

        Assert.Equal(sent, string.Join(' ', _order));
        Assert.Equal(_order.Count, ended.Matched);
    }

    [Fact(Timeout = 60_000)]
    public async Task Events_are_selected_by_the_outcome_of_their_attempts()
    {
        await ArchiveAsync(7);
        await AttemptsAsync("event-0", DeliveryOutcome.Delivered);
        await AttemptsAsync("event-1", DeliveryOutcome.Failed, DeliveryOutcome.Delivered);
        await AttemptsAsync("event-2", DeliveryOutcome.Failed);
        await AttemptsAsync("event-3", DeliveryOutcome.Delivered, DeliveryOutcome.Failed);
        await AttemptsAsync("event-4", DeliveryOutcome.Failed, DeliveryOutcome.Skipped);
        await AttemptsAsync("event-5", DeliveryOutcome.Skipped);

        await FinishAsync(await StartAsync(replay => replay with { Only = ReplaySelection.Failed }));
        Assert.Equal(["event-2", "event-3", "event-4"], _order);
        _order.Clear();
        await FinishAsync(await StartAsync(replay => replay with { Only = ReplaySelection.Missed }));
        Assert.Equal(["event-5", "event-6"], _order);
    }

    [Fact]
    public async Task Dry_run_counts_events_and_sends_nothing()
    {
        await ArchiveAsync(10);

        var ended = await FinishAsync(await StartAsync(replay => replay with { DryRun = true }));

        Assert.Equal((ReplayState.Completed, 10L, 0L), (ended.State, ended.Matched, ended.Sent));
        Assert.Empty(_order);
    }

    [Fact]
    public async Task Replay_fails_with_an_audit_entry_when_its_subscription_is_deactivated()
    {
        await ArchiveAsync(24);
        var replay = await StartAsync();
        await RunNextAsync();
        await Given
            .SubscriptionStore(_services.Tables, Time)
            .UpdateAsync(_subscription with { IsActive = false, ETag = Azure.ETag.All }, [], null, default);

        var ended = await FinishAsync(replay);

        Assert.Equal(ReplayState.Failed, ended.State);
        Assert.Empty(_order);
        Assert.Equal(ReplayFailure.SubscriptionInactive, Assert.Single(await EntriesAsync(AuditType.ReplayEnded)).Error!.Kind);
    }

    [Fact]
    public async Task Table_keeps_only_the_replay_row_when_a_replay_has_ended()
    {
        await ArchiveAsync(24);
        var cancelled = await StartAsync();
        await RunNextAsync();
        await Lifecycle().CancelAsync(_subscription.Id, cancelled.Id, Given.Actor("operator"), default);
        await FinishAsync(cancelled);
        await FinishAsync(await StartAsync());

        var rows = 0;
        await foreach (var _ in _services.Tables.GetTableClient(TableNames.Replays).QueryAsync<TableEntity>())
        {
            rows++;
        }

        Assert.Equal(2, rows);
    }
}
