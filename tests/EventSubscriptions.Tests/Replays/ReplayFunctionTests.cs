using Azure;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Replays;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Deliveries;
using EventSubscriptions.Tests.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Replays;

/// <summary>What becomes of the messages on the queue <c>replays</c>, and of those that it gave up.</summary>
public sealed class ReplayFunctionTests : IAsyncLifetime
{
    private readonly OrganizationId _organization = Given.Organization();
    private readonly Steps _steps = new();
    private LocalServices _services = null!;
    private Replay _replay = null!;
    private ServiceBusReceivedMessage _first = null!;
    private MetricsRecorder _recorder = null!;

    public async Task InitializeAsync()
    {
        _recorder = MetricsRecorder.Start();
        _services = await LocalServices.StartAsync();
        _replay = (
            await Lifecycle()
                .StartAsync(
                    new Replay
                    {
                        OrganizationId = _organization,
                        SubscriptionId = SubscriptionId.New(_services.Time),
                        Id = ReplayId.New(_services.Time),
                        From = _services.Time.GetUtcNow().AddHours(-1),
                        To = _services.Time.GetUtcNow(),
                        Only = ReplaySelection.All,
                        DryRun = false,
                        State = ReplayState.Counting,
                        CreatedAt = _services.Time.GetUtcNow(),
                        StartedBy = Given.Actor("somebody"),
                    },
                    max: 10,
                    default
                )
        )!;
        _first = await _services.ReceiveOneAsync(QueueNames.Replays);
    }

    public Task DisposeAsync()
    {
        _services.Dispose();
        _recorder.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Slice_is_completed_when_its_work_is_done()
    {
        await RunAsync(_first);

        // Its subscription was never there.
        Assert.Equal(["complete"], _steps.Taken);
        var replay = await CurrentAsync();
        Assert.Equal((ReplayState.Failed, ReplayFailure.SubscriptionDeleted), (replay.State, replay.Failure!.Kind));
    }

    [Fact]
    public async Task Slice_is_postponed_when_it_has_a_transient_fault()
    {
        _services.Flaky.Failure = (_, _) => new RequestFailedException(503, "busy");

        await RunAsync(_first);

        Assert.Equal(["complete"], _steps.Taken);
        Assert.Empty(_services.Receive(QueueNames.Replays));
        _services.Time.Advance(TimeSpan.FromSeconds(10));
        var copy = await _services.ReceiveOneAsync(QueueNames.Replays);
        Assert.True(ReplayMessage.TryParse(copy, out var slice, out _));
        Assert.Equal(ReplayMessage.First(_replay) with { Postponements = 1 }, slice);
    }

    [Fact]
    public async Task Slice_is_abandoned_after_a_pause_when_it_cannot_be_postponed()
    {
        _services.Flaky.Failure = (_, _) => new RequestFailedException(503, "busy");
        _services.Replays.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);
        var before = _services.Time.GetUtcNow();

        await Assert.ThrowsAsync<RequestFailedException>(() => RunAsync(_first));

        Assert.Empty(_steps.Taken);
        Assert.True(_services.Time.GetUtcNow() - before >= TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Message_is_dead_lettered_when_it_is_not_a_slice()
    {
        await RunAsync(ServiceBusModelFactory.ServiceBusReceivedMessage(body: new BinaryData("?"), messageId: "x"));

        Assert.Equal(["dead-letter"], _steps.Taken);
    }

    [Fact]
    public async Task Dead_letter_is_requeued_when_it_was_delivered_too_often()
    {
        await RecordAsync(DeadLetter("MaxDeliveryCountExceeded"));

        Assert.Equal(ReplayState.Counting, (await CurrentAsync()).State);
        _services.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(ReplayMessage.TryParse(await _services.ReceiveOneAsync(QueueNames.Replays), out var slice, out _));
        Assert.Equal(ReplayMessage.First(_replay), slice);
    }

    [Fact]
    public async Task Replay_fails_when_its_dead_letter_was_requeued_three_times()
    {
        await RecordAsync(DeadLetter("MaxDeliveryCountExceeded", requeues: 3));

        Assert.Equal(ReplayState.Failed, (await CurrentAsync()).State);
        var entry = Assert.Single(await EntriesAsync(_organization));
        Assert.Equal(("MaxDeliveryCountExceeded", _replay.SubscriptionId.ToString()), (entry.Error!.Kind, entry.SubscriptionId));
    }

    [Fact]
    public async Task Dead_letter_is_recorded_for_the_system_when_it_is_not_a_slice()
    {
        await RecordAsync(
            ServiceBusModelFactory.ServiceBusReceivedMessage(
                new BinaryData("?"),
                "x",
                properties: new Dictionary<string, object>(StringComparer.Ordinal) { ["DeadLetterReason"] = "MalformedReplay" }
            )
        );

        Assert.Equal("MalformedReplay", Assert.Single(await EntriesAsync(null)).Error!.Kind);
        Assert.Equal(["1 queue=replays reason=MalformedReplay"], _recorder.Of("event_subscriptions.dead_letters.recorded"));
    }

    private ReplayProcessor Processor() =>
        new(
            Lifecycle(),
            new ReplayStore(_services.Flaky),
            new ReplaySearch(
                new EventArchive(_services.Tables, Given.Protector),
                new DeliveryLog(_services.Tables),
                Given.EventTypes(_services.Tables, _services.Time)
            ),
            new ReplaySender(_services.Deliveries, new ReplayOptions(), _recorder.Metrics, _services.Time),
            Given.SubscriptionStore(_services.Tables, _services.Time),
            _services.Replays
        );

    private ReplayLifecycle Lifecycle() =>
        new(
            new ReplayStore(_services.Flaky),
            new AuditLog(_services.Tables, _services.Time),
            _services.Replays,
            _recorder.Metrics,
            _services.Time
        );

    private ServiceBusReceivedMessage DeadLetter(string reason, int requeues = 0)
    {
        var properties = new Dictionary<string, object>(_first.ApplicationProperties, StringComparer.Ordinal)
        {
            ["DeadLetterReason"] = reason,
            [DeadLetterPolicy.RequeuesProperty] = requeues,
        };
        return ServiceBusModelFactory.ServiceBusReceivedMessage(_first.Body, _first.MessageId, properties: properties);
    }

    private Task RunAsync(ServiceBusReceivedMessage message) =>
        WithClockAsync(
            new ReplayFunction(Given.Worker(_services.Time, _recorder.Metrics), Processor(), _services.Replays).RunAsync(
                message,
                new RecordingActions(_steps),
                default
            )
        );

    private Task RecordAsync(ServiceBusReceivedMessage deadLetter) =>
        WithClockAsync(
            new ReplayDeadLetterFunction(
                new DeadLetterHandler(_recorder.Metrics, _services.Time, NullLogger<DeadLetterHandler>.Instance),
                Lifecycle(),
                new AuditLog(_services.Tables, _services.Time),
                _services.Replays,
                _services.Time
            ).RunAsync(deadLetter, default)
        );

    /// <summary>Moves the clock while a function waits for it.</summary>
    private async Task WithClockAsync(Task running)
    {
        while (!running.IsCompleted)
        {
            if (_services.Replays.Failure is not null)
            {
                _services.Time.Advance(TimeSpan.FromSeconds(1));
            }

            await Task.WhenAny(running, Task.Delay(1));
        }

        await running;
    }

    private async Task<Replay> CurrentAsync() =>
        (await new ReplayStore(_services.Tables).GetAsync(_replay.SubscriptionId, _replay.Id, default))!;

    private async Task<IReadOnlyList<AuditEntryResponse>> EntriesAsync(OrganizationId? organization) =>
        (
            await new AuditLog(_services.Tables, _services.Time).ListAsync(
                organization,
                new AuditFilter(new TimeRange(null, null), AuditType.ReplayEnded, null),
                new PageRequest("test", 100, null),
                default
            )
        ).Items;
}
