using System.Text;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Replays;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Telemetry;

namespace EventSubscriptions.Tests.Replays;

public sealed class ReplayProcessorTests : IAsyncLifetime
{
    private const int RatePerSecond = 5;

    private static readonly ReplayFailure s_givenUp = new(nameof(DeadLetterReason.MaxDeliveryCountExceeded), "It was given up.");
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(1.0 / RatePerSecond);

    private readonly OrganizationId _organization = Given.Organization();
    private readonly Dictionary<string, DateTimeOffset> _arrivals = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];
    private LocalServices _services = null!;
    private MetricsRecorder _metrics = null!;
    private Subscription _subscription = null!;
    private DateTimeOffset _start;

    private TestClock Time => _services.Time;

    public async Task InitializeAsync()
    {
        _services = await LocalServices.StartAsync();
        _metrics = MetricsRecorder.Start();
        _start = Time.GetUtcNow();
        _subscription = Given.Subscription(_organization, Time, "Wanted", "AlsoWanted");
        await Given
            .SubscriptionStore(_services.Tables, Time)
            .AddAsync(_subscription, Given.Entry(_subscription, AuditType.SubscriptionCreated), default);
    }

    public Task DisposeAsync()
    {
        _services.Dispose();
        _metrics.Dispose();
        return Task.CompletedTask;
    }

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
    public async Task Only_events_in_the_span_that_the_subscription_and_the_request_want_are_sent()
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

    [Fact(Timeout = 60_000)]
    public async Task Each_event_is_in_the_one_selection_that_its_attempts_put_it_in()
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
    public async Task Dry_run_counts_over_all_steps_and_sends_nothing()
    {
        await ArchiveAsync(10);

        var ended = await FinishAsync(await StartAsync(replay => replay with { DryRun = true }));

        Assert.Equal((ReplayState.Completed, 10L, 0L), (ended.State, ended.Matched, ended.Sent));
        Assert.Empty(_order);
    }

    [Fact]
    public async Task Slice_that_runs_twice_changes_nothing()
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
    public async Task Deactivation_ends_a_replay_and_the_audit_log_says_why()
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
    public async Task Nothing_is_left_in_the_table_but_the_replay_when_it_has_ended()
    {
        await ArchiveAsync(24);
        var cancelled = await StartAsync();
        await RunNextAsync();
        await Lifecycle().CancelAsync(_subscription.Id, cancelled.Id, Given.Actor("somebody"), default);
        await FinishAsync(cancelled);
        await FinishAsync(await StartAsync());

        var rows = 0;
        await foreach (var _ in _services.Tables.GetTableClient(TableNames.Replays).QueryAsync<Azure.Data.Tables.TableEntity>())
        {
            rows++;
        }

        Assert.Equal(2, rows);
    }

    [Fact]
    public async Task Replay_that_can_not_be_queued_has_failed()
    {
        _services.Replays.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);

        await Assert.ThrowsAsync<ServiceBusException>(() => StartAsync());

        Assert.Equal(
            ReplayState.Failed,
            Assert.Single((await Store().ListAsync(_subscription.Id, new PageRequest("test", 10, null), default)).Items).State
        );
    }

    [Fact]
    public async Task Slice_whose_deliveries_can_not_be_queued_is_done_again()
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
    public async Task Slice_that_a_replay_has_gone_past_can_not_end_it()
    {
        await ArchiveAsync(8);
        var replay = await StartAsync();
        var first = Next();
        await Processor().ProcessAsync(first, default);

        await Lifecycle().FailAsync(first, s_givenUp, default);

        var ended = await FinishAsync(replay);
        Assert.Equal((ReplayState.Completed, 8L), (ended.State, ended.Sent));
        Assert.Equal(8, _order.Count);
    }

    [Fact]
    public async Task Slice_that_could_not_queue_the_next_one_can_end_its_replay()
    {
        await ArchiveAsync(8);
        var replay = await StartAsync();
        var first = Next();
        _services.Replays.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);
        await Assert.ThrowsAsync<ServiceBusException>(() => Processor().ProcessAsync(first, default));

        await Lifecycle().FailAsync(first, s_givenUp, default);

        Assert.Equal(ReplayState.Failed, (await Store().GetAsync(_subscription.Id, replay.Id, default))!.State);
    }

    [Fact]
    public async Task Slice_that_comes_again_when_the_queue_has_forgotten_its_deliveries_sends_nothing()
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

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(6)]
    public async Task Replay_that_has_not_come_further_for_a_day_is_ended(int slices)
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
    public async Task Replay_that_has_ended_is_not_ended_again()
    {
        await ArchiveAsync(3);
        var ended = await FinishAsync(await StartAsync());

        Time.Advance(TimeSpan.FromDays(2));
        await Lifecycle().FailStalledAsync(default);

        Assert.Equal(ended, await Store().GetAsync(_subscription.Id, ended.Id, default));
    }

    [Fact]
    public async Task Message_says_what_its_slice_needs()
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

    [Fact]
    public async Task Organization_has_no_more_replays_running_than_it_may_whichever_subscription_they_are_of()
    {
        await ArchiveAsync(3);
        var first = await StartAsync(max: 2);
        await StartAsync(replay => replay with { SubscriptionId = SubscriptionId.New(Time) }, max: 2);
        Assert.Null(await TryStartAsync(max: 2));
        var others = Given.Organization();
        Assert.NotNull(await TryStartAsync(replay => replay with { OrganizationId = others }, max: 2));

        await Lifecycle().CancelAsync(first.SubscriptionId, first.Id, Given.Actor("somebody"), default);

        Assert.NotNull(await TryStartAsync(max: 2));
        Assert.Null(await TryStartAsync(max: 2));
    }

    [Fact]
    public async Task Replays_that_start_at_once_are_no_more_than_may_run()
    {
        var lifecycle = Lifecycle();

        var started = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => TryStartAsync(max: 3, lifecycle: lifecycle))));

        Assert.Equal(3, started.Count(replay => replay is not null));
    }

    [Fact]
    public async Task Replay_that_ended_or_was_never_stored_leaves_room_for_another()
    {
        await ArchiveAsync(3);
        await FinishAsync(await StartAsync(max: 1));
        var left = new Azure.Data.Tables.TableEntity($"{_organization}", $"{ReplayId.New(Time)}")
        {
            ["subscriptionId"] = $"{_subscription.Id}",
        };
        await _services.Tables.GetTableClient(TableNames.Replays).AddEntityAsync(left);
        Assert.Null(await TryStartAsync(max: 1));
        Time.Advance(TimeSpan.FromMinutes(2));

        Assert.NotNull(await TryStartAsync(max: 1));
    }

    private double Created() =>
        _metrics
            .All.Where(measurement => measurement.Instrument.Name == "event_subscriptions.deliveries.created")
            .Sum(measurement => measurement.Value);

    private ReplayStore Store() => new(_services.Tables);

    private ReplayProcessor Processor() =>
        new(
            Lifecycle(),
            Store(),
            new ReplaySearch(new EventArchive(_services.Tables, Given.Protector), new DeliveryLog(_services.Tables))
            {
                Step = 3,
                StepRows = 2,
            },
            new ReplaySender(_services.Deliveries, new ReplayOptions { RatePerSecond = RatePerSecond }, _metrics.Metrics, Time),
            Given.SubscriptionStore(_services.Tables, Time),
            _services.Replays
        );

    private ReplayLifecycle Lifecycle() => new(Store(), new AuditLog(_services.Tables, Time), _services.Replays, _metrics.Metrics, Time);

    private async Task<Replay> StartAsync(Func<Replay, Replay>? change = null, int max = 10) =>
        await TryStartAsync(change, max) ?? throw new InvalidOperationException("It was not started.");

    private Task<Replay?> TryStartAsync(Func<Replay, Replay>? change = null, int max = 10, ReplayLifecycle? lifecycle = null)
    {
        var replay = new Replay
        {
            OrganizationId = _organization,
            SubscriptionId = _subscription.Id,
            Id = ReplayId.New(Time),
            From = _start,
            To = Time.GetUtcNow(),
            Only = ReplaySelection.All,
            DryRun = false,
            State = ReplayState.Counting,
            CreatedAt = Time.GetUtcNow(),
            StartedBy = Given.Actor("somebody"),
        };
        return (lifecycle ?? Lifecycle()).StartAsync(change?.Invoke(replay) ?? replay, max, default);
    }

    /// <summary>
    /// Does slice after slice as their messages come, and notes the deliveries as theirs do. The clock moves on when nothing else is due.
    /// </summary>
    private async Task<Replay> FinishAsync(Replay replay, int times = 1)
    {
        var before = _order.Count;
        var isReleasing = false;
        while (true)
        {
            var slices = _services.Receive(QueueNames.Replays);
            foreach (var message in slices)
            {
                Assert.True(ReplayMessage.TryParse(message, out var slice, out _));
                for (var time = 0; time < times; time++)
                {
                    await Processor().ProcessAsync(slice, default);
                }
            }

            var deliveries = _services.Receive(QueueNames.Deliveries);
            foreach (var message in deliveries)
            {
                Assert.True(DeliveryMessage.TryParse(message, out var delivery, out _));
                Assert.True(message.Body.ToMemory().IsEmpty);
                _order.Add(delivery.EventId.ToString());
                _arrivals[delivery.EventId.ToString()] = Time.GetUtcNow();
            }

            if (slices.Count + deliveries.Count > 0)
            {
                isReleasing = false;
                continue;
            }

            var current = (await Store().GetAsync(_subscription.Id, replay.Id, default))!;
            if (current.HasEnded && _order.Count - before == current.Sent)
            {
                return current;
            }

            // What is due is released in the background, and one thing is due at each step of the rate.
            if (!isReleasing)
            {
                isReleasing = true;
                Time.Advance(s_step);
            }

            await Task.Delay(1);
        }
    }

    private ReplayMessage Next()
    {
        Assert.True(ReplayMessage.TryParse(Assert.Single(_services.Receive(QueueNames.Replays)), out var slice, out _));
        return slice;
    }

    private Task<Settlement> RunNextAsync() => Processor().ProcessAsync(Next(), default);

    private async Task ArchiveAsync(int count, string name = "Wanted", string prefix = "event")
    {
        var archive = new EventArchive(_services.Tables, Given.Protector);
        for (var n = 0; n < count; n++)
        {
            var at = _start.AddSeconds(n);
            await archive.AddAsync(
                _organization,
                Given.EventId($"{prefix}-{n}"),
                EventName.Parse(name),
                Encoding.UTF8.GetBytes("payload"),
                at,
                default
            );
        }

        if (Time.GetUtcNow() < _start.AddSeconds(count))
        {
            Time.SetUtcNow(_start.AddSeconds(count));
        }
    }

    private async Task AttemptsAsync(string eventId, params DeliveryOutcome[] outcomes)
    {
        for (var i = 0; i < outcomes.Length; i++)
        {
            var attempt = new DeliveryAttempt
            {
                EventId = eventId,
                EventName = "Wanted",
                Attempt = i + 1,
                Run = "event",
                At = _start.AddSeconds(10 + i),
                EndedAt = _start.AddSeconds(11 + i),
                Outcome = outcomes[i],
            };
            await new DeliveryLog(_services.Tables).AppendAsync(_subscription.Id, attempt, hasWaited: i > 0, default);
        }
    }

    private async Task<IReadOnlyList<AuditEntryResponse>> EntriesAsync(AuditType type) =>
        (
            await new AuditLog(_services.Tables, Time).ListAsync(
                _organization,
                new AuditFilter(new TimeRange(null, null), type, null),
                new PageRequest("test", 100, null),
                default
            )
        ).Items;
}
