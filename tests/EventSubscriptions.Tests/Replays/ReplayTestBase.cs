using System.Text;
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

public abstract class ReplayTestBase : IAsyncLifetime
{
    private const int RatePerSecond = 5;

    private protected static readonly ReplayFailure s_deadLettered = new(
        nameof(DeadLetterReason.MaxDeliveryCountExceeded),
        "The message was dead-lettered."
    );
    private protected static readonly TimeSpan s_step = TimeSpan.FromSeconds(1.0 / RatePerSecond);

    private protected readonly OrganizationId _organization = Given.Organization();
    private protected readonly Dictionary<string, DateTimeOffset> _arrivals = new(StringComparer.Ordinal);
    private protected readonly List<string> _order = [];
    private protected LocalServices _services = null!;
    private protected MetricsRecorder _metrics = null!;
    private protected Subscription _subscription = null!;
    private protected DateTimeOffset _start;

    private protected TestClock Time => _services.Time;

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

    private protected double Created() =>
        _metrics
            .All.Where(measurement => measurement.Instrument.Name == "event_subscriptions.deliveries.created")
            .Sum(measurement => measurement.Value);

    private protected ReplayStore Store() => new(_services.Tables);

    private protected ReplayProcessor Processor() =>
        new(
            Lifecycle(),
            Store(),
            new ReplaySearch(
                new EventArchive(_services.Tables, Given.Protector),
                new DeliveryLog(_services.Tables),
                Given.EventTypes(_services.Tables, _services.Time)
            )
            {
                Step = 3,
                StepRows = 2,
            },
            new ReplaySender(_services.Deliveries, new ReplayOptions { RatePerSecond = RatePerSecond }, _metrics.Metrics, Time),
            Given.SubscriptionStore(_services.Tables, Time),
            _services.Replays
        );

    private protected ReplayLifecycle Lifecycle() =>
        new(Store(), new AuditLog(_services.Tables, Time), _services.Replays, _metrics.Metrics, Time);

    private protected async Task<Replay> StartAsync(Func<Replay, Replay>? change = null, int max = 10) =>
        await TryStartAsync(change, max) ?? throw new InvalidOperationException("It was not started.");

    private protected Task<Replay?> TryStartAsync(Func<Replay, Replay>? change = null, int max = 10, ReplayLifecycle? lifecycle = null)
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
            StartedBy = Given.Actor("operator"),
        };
        return (lifecycle ?? Lifecycle()).StartAsync(change?.Invoke(replay) ?? replay, max, default);
    }

    /// <summary>Processes slices and records deliveries as they become due. Advances the clock when nothing is due.</summary>
    private protected async Task<Replay> FinishAsync(Replay replay, int times = 1)
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

            // Due messages are released in the background; one becomes due at each step of the rate.
            if (!isReleasing)
            {
                isReleasing = true;
                Time.Advance(s_step);
            }

            await Task.Delay(1);
        }
    }

    private protected ReplayMessage Next()
    {
        Assert.True(ReplayMessage.TryParse(Assert.Single(_services.Receive(QueueNames.Replays)), out var slice, out _));
        return slice;
    }

    private protected Task<Settlement> RunNextAsync() => Processor().ProcessAsync(Next(), default);

    private protected async Task ArchiveAsync(int count, string name = "Wanted", string prefix = "event")
    {
        var archive = new EventArchive(_services.Tables, Given.Protector);
        for (var n = 0; n < count; n++)
        {
            var at = _start.AddSeconds(n);
            await archive.AddAsync(
                _organization,
                Given.EventId($"{prefix}-{n}"),
                EventName.Parse(name),
                EventSource.Http,
                Encoding.UTF8.GetBytes($$$"""{"eventName":"{{{name}}}","organizationId":1,"data":{"number":{{{n}}}}}"""),
                at,
                default
            );
        }

        if (Time.GetUtcNow() < _start.AddSeconds(count))
        {
            Time.SetUtcNow(_start.AddSeconds(count));
        }
    }

    private protected async Task AttemptsAsync(string eventId, params DeliveryOutcome[] outcomes)
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

    private protected async Task<IReadOnlyList<AuditEntryResponse>> EntriesAsync(AuditType type) =>
        (
            await new AuditLog(_services.Tables, Time).ListAsync(
                _organization,
                new AuditFilter(new TimeRange(null, null), type, null),
                new PageRequest("test", 100, null),
                default
            )
        ).Items;
}
