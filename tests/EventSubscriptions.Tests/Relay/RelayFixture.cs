using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Relay;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using EventSubscriptions.Tests.Events;
using EventSubscriptions.Tests.Scenarios.Harness;
using EventSubscriptions.Tests.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Relay;

/// <summary>A subscriber of a fake Relay, real queues and tables, and the poller between them.</summary>
internal sealed class RelayFixture : IAsyncDisposable
{
    private readonly MetricsRecorder _metrics = MetricsRecorder.Start();
    private readonly HashSet<long> _received = [];
    private readonly LocalServices _services;
    private readonly RelayServer _server;
    private readonly ServiceProvider _provider;
    private RelayPoller? _poller;

    private RelayFixture(LocalServices services, RelayServer server, TimeSpan overlap)
    {
        (_services, _server) = (services, server);
        Account = server.NewAccount();
        Subscriber = new RelaySubscriber(Account.Id, new Secret(Account.ApiKey), Given.Organization());
        Options = new RelayOptions
        {
            BaseAddress = server.Address,
            Overlap = overlap,
            Subscribers = [Subscriber],
        };
        _provider = new ServiceCollection()
            .AddSingleton(Options)
            .AddSingleton<TimeProvider>(services.Time)
            .AddRelayClient()
            .BuildServiceProvider();
        Start = Time.GetUtcNow();
    }

    public RelayAccount Account { get; }

    public RelaySubscriber Subscriber { get; }

    public RelayOptions Options { get; }

    public TestClock Time => _services.Time;

    public FlakyTables Tables => _services.Flaky;

    public FlakySender Queue => _services.Events;

    public RecordingOperationalEvents Operational { get; } = new();

    /// <summary>The time at which the test began.</summary>
    public DateTimeOffset Start { get; }

    public TimeSpan Budget { get; init; } = TimeSpan.FromSeconds(50);

    public static async Task<RelayFixture> StartAsync(TimeSpan? overlap = null, TimeSpan? budget = null) =>
        new(await LocalServices.StartAsync(), await RelayServer.Start(), overlap ?? TimeSpan.FromMinutes(5))
        {
            Budget = budget ?? TimeSpan.FromSeconds(50),
        };

    public Task PollAsync(CancellationToken cancellationToken = default) =>
        (_poller ??= CreatePoller()).PollAsync(Subscriber, cancellationToken);

    /// <summary>Lets a new instance of the poller do the next poll.</summary>
    public void ChangeInstance() => _poller = null;

    /// <summary>The ids of the events that were queued since the last call.</summary>
    public IReadOnlyList<string> Published() =>
        [
            .. _services
                .Receive(QueueNames.Events)
                .Where(message => _received.Add(message.SequenceNumber))
                .Select(message => EventMessage.IdOf(message).ToString()),
        ];

    public Task<Azure.Messaging.ServiceBus.ServiceBusReceivedMessage> ReceiveOneAsync() => _services.ReceiveOneAsync(QueueNames.Events);

    /// <summary>How many events were queued, including repeats.</summary>
    public int Read() =>
        (int)
            _metrics
                .All.Where(measurement => measurement.Instrument.Name == AppMetrics.RelayEventsReadName)
                .Sum(measurement => measurement.Value);

    /// <summary>The lag that the last poll reported.</summary>
    public TimeSpan Lag() =>
        TimeSpan.FromSeconds(_metrics.All.Last(measurement => measurement.Instrument.Name == AppMetrics.RelayLagName).Value);

    public Task<RelayState> StateAsync() => new RelayStore(_services.Tables).GetAsync(Subscriber.Id, default);

    public async Task<int> SeenAsync()
    {
        var count = 0;
        await foreach (
            var _ in _services
                .Tables.GetTableClient(TableNames.RelayCursors)
                .QueryAsync<TableEntity>(RowRange.StartingWith(Subscriber.Id, "seen:").ToFilter())
        )
        {
            count++;
        }

        return count;
    }

    public async Task<RelayHealthResponse> HealthAsync(OrganizationId? boundTo = null) => Assert.Single((await ListHealthAsync(boundTo))!);

    public Task<IReadOnlyList<RelayHealthResponse>?> ListHealthAsync(OrganizationId? boundTo = null, TableServiceClient? tables = null) =>
        new RelayHealth(new RelayStore(tables ?? _services.Flaky), Options, Time, NullLogger<RelayHealth>.Instance).ListAsync(
            new Caller(Given.Actor("test"), Role.Read, boundTo),
            default
        );

    /// <summary>The organization's audit log, oldest first.</summary>
    public async Task<IReadOnlyList<AuditEntryResponse>> AuditLogAsync() =>
        [
            .. (
                await new AuditLog(_services.Tables, Time).ListAsync(
                    Subscriber.OrganizationId,
                    new AuditFilter(new TimeRange(null, null), null, null),
                    new PageRequest("test", 1000, null),
                    default
                )
            ).Items.Reverse(),
        ];

    public async Task<IReadOnlyList<string>> AuditTypesAsync() => [.. (await AuditLogAsync()).Select(entry => entry.Type!)];

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        await _server.DisposeAsync();
        _metrics.Dispose();
        _services.Dispose();
    }

    private RelayPoller CreatePoller()
    {
        var (client, audit) = (_provider.GetRequiredService<RelayClient>(), new AuditLog(_services.Flaky, Time));
        var queue = new EventPublisher(_services.Events, Given.Tracing, _services.Time, NullLogger<EventPublisher>.Instance);
        return new RelayPoller(
            client,
            new RelayStore(_services.Flaky),
            new RelayPublisher(queue, Operational, audit, client, Time),
            audit,
            _metrics.Metrics,
            Options,
            Time,
            NullLogger<RelayPoller>.Instance
        )
        {
            Budget = Budget,
        };
    }
}
