using System.Text;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Deliveries.Statistics;
using EventSubscriptions.Deliveries.Throttling;
using EventSubscriptions.Destinations;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Tests.Deliveries.Sending;
using EventSubscriptions.Tests.Events;
using EventSubscriptions.Tests.Storage;
using EventSubscriptions.Tests.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Deliveries;

public abstract class DeliverFunctionTestBase : IAsyncLifetime, IDisposable
{
    private protected const string Payload = """{"eventName":"CaseCreatedEvent","organizationId":1,"data":{}}""";
    private protected const string ReadHealth = "read subscriptions";
    private protected const string WriteHealth = "write subscriptions";
    private protected const string Failing = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n";
    private protected const string Gone = "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n";
    private protected static readonly string[] s_reads = ["read subscriptions", "read subscriptions"];

    private protected readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private protected readonly OrganizationId _organization = Given.Organization();
    private protected readonly Steps _steps = new();
    private protected RecordingSender _queue = null!;
    private protected RecordingActions _actions = null!;
    private protected ServiceBusSender? _sender;
    private protected RawReceiver _receiver = null!;
    private ServiceProvider _sending = null!;
    private protected readonly RecordingOperationalEvents _published = new();
    private protected readonly MetricsRecorder _metrics = MetricsRecorder.Start();
    private protected readonly TraceRecorder _traces = TraceRecorder.Start();
    private protected string _response = RawReceiver.Ok("thanks");
    private protected bool _insecure = true;
    private protected Func<Task> _beforeResponse = () => Task.CompletedTask;
    private protected SubscriptionCache? _cache;
    private protected DeliveryStatistics _statistics = null!;
    private protected Azure.Data.Tables.TableServiceClient _tables = null!;
    private protected Subscription _subscription = null!;

    public async Task InitializeAsync()
    {
        _queue = new RecordingSender(_steps);
        _actions = new RecordingActions(_steps);
        _receiver = new RawReceiver(
            async (stream, cancellationToken) =>
            {
                _steps.Take("POST");
                await _beforeResponse();
                await stream.WriteAsync(Encoding.ASCII.GetBytes(_response), cancellationToken);
            }
        );
        _sending = new ServiceCollection()
            .AddSingleton(TimeProvider.System)
            .AddDestinations()
            .AddSingleton(_ => new DestinationOptions { AllowInsecureDestinations = _insecure })
            .AddSingleton(new DeliveriesOptions { Deadline = TimeSpan.FromSeconds(60) })
            .AddSingleton(new ManagedIdentityOptions())
            .AddWebhookSender()
            .BuildServiceProvider();
        _tables = await new LocalStores().ConnectAsync();
        _statistics = new DeliveryStatistics(new StatisticsStore(_tables), _clock, NullLogger<DeliveryStatistics>.Instance);
        _subscription = Given.Subscription(_organization, _clock) with { Url = _receiver.Url };
    }

    public async Task DisposeAsync() => await _receiver.DisposeAsync();

    public void Dispose()
    {
        _sending.Dispose();
        _metrics.Dispose();
        _traces.Dispose();
    }

    private protected static DeliveryMessage Parse(ServiceBusMessage message)
    {
        Assert.True(DeliveryMessage.TryParse(Received(message), out var delivery, out var malformed), malformed?.Description);
        return delivery with { Payload = default };
    }

    private static ServiceBusReceivedMessage Received(ServiceBusMessage message) =>
        ServiceBusModelFactory.ServiceBusReceivedMessage(message.Body, message.MessageId, properties: message.ApplicationProperties);

    private protected DeliveryMessage Delivery() =>
        new()
        {
            OrganizationId = _organization,
            SubscriptionId = _subscription.Id,
            EventId = Given.EventId("evt_1"),
            EventName = EventName.Parse("CaseCreatedEvent"),
        };

    private protected async Task RunAsync(DeliveryMessage delivery, string body = Payload, CancellationToken cancellationToken = default)
    {
        var store = Given.SubscriptionStore(_tables, _clock);
        if (await store.GetAsync(_organization, _subscription.Id, default) is null)
        {
            await store.AddAsync(_subscription, Given.Entry(_subscription, AuditType.SubscriptionCreated), default);
        }

        var running = Function()
            .RunAsync(
                Received((delivery with { Payload = Encoding.UTF8.GetBytes(body) }).ToServiceBusMessage()),
                _actions,
                cancellationToken
            );
        while (!running.IsCompleted)
        {
            if (_clock.PendingTimers > 0)
            {
                _clock.Advance(TimeSpan.FromMilliseconds(250));
            }

            await Task.WhenAny(running, Task.Delay(1, CancellationToken.None));
        }

        await running;
    }

    private protected DeliverFunction Function()
    {
        var tables = new RecordingTables(_tables, _steps);
        var shortRetry = new ShortRetry(_clock);
        var random = new Random(1);
        var store = Given.SubscriptionStore(tables, _clock);
        var subscriptions = _cache ?? new SubscriptionCache(store, _clock);
        var healths = new SubscriptionHealthStore(tables);
        var health = new HealthTracker(
            new HealthEntries(healths, _clock),
            healths,
            new SubscriptionEditor(store, subscriptions, Given.Rules(), _clock),
            new HealthReporter(healths, _published, new DeliveriesOptions()),
            shortRetry,
            new DeliveriesOptions(),
            _clock,
            NullLogger<HealthTracker>.Instance
        );
        var sender = _sender ?? _queue;
        var processor = new DeliveryProcessor(
            subscriptions,
            new DeliveryGate(tables, new AuditLog(tables, _clock), shortRetry, new DeliveriesOptions(), _clock),
            new EventArchive(tables, Given.Protector),
            new AttemptSender(
                _sending.GetRequiredService<WebhookSender>(),
                new RetrySchedule([TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2)]),
                health,
                _metrics.Metrics,
                _traces.Tracing,
                _clock,
                random
            ),
            new DeliveryRecorder(
                new DeliveryLog(tables),
                new AuditLog(tables, _clock),
                health,
                _statistics,
                shortRetry,
                _metrics.Metrics,
                _clock
            ),
            new DroppedDeliveries(tables, new AuditLog(tables, _clock), _clock),
            new DeliveryScheduler(sender, shortRetry, _metrics.Metrics, NullLogger<DeliveryScheduler>.Instance),
            _clock
        );
        return new DeliverFunction(Given.Worker(_clock, _metrics.Metrics), processor, sender);
    }

    private protected async Task<IReadOnlyList<DeliveryAttempt>> AttemptsAsync() =>
        (
            await new DeliveryLog(_tables).ListAsync(
                _subscription.Id,
                new DeliveryFilter(new TimeRange(null, null), null, null),
                new PageRequest("test", 100, null),
                default
            )
        ).Items;

    private protected async Task<IReadOnlyList<AuditEntryResponse>> EntriesAsync(AuditType type = AuditType.DeliveryFailed)
    {
        var filter = new AuditFilter(new TimeRange(null, null), type, null);
        return (await new AuditLog(_tables, _clock).ListAsync(_organization, filter, new PageRequest("test", 100, null), default)).Items;
    }
}
