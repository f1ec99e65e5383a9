using System.Text;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Organizations;
using EventSubscriptions.Replays;
using EventSubscriptions.Retention;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Retention;

public abstract class RetentionPurgeTestBase : IAsyncLifetime
{
    private static readonly RetentionOptions s_options = new()
    {
        AuditLog = TimeSpan.FromDays(90),
        DeliveryLog = TimeSpan.FromDays(60),
        EventArchive = TimeSpan.FromDays(30),
    };

    private protected readonly OrganizationId _organization = Given.Organization();
    private readonly MetricsRecorder _metrics = MetricsRecorder.Start();
    private protected LocalServices _services = null!;

    public async Task InitializeAsync() => _services = await LocalServices.StartAsync();

    public Task DisposeAsync()
    {
        _services.Dispose();
        _metrics.Dispose();
        return Task.CompletedTask;
    }

    private protected async Task AttemptsAsync(SubscriptionId subscription, int count, DateTimeOffset? at = null)
    {
        var log = new DeliveryLog(_services.Tables);
        for (var i = 1; i <= count; i++)
        {
            var attempt = Attempt() with { EventId = $"evt_{i}" };
            await log.AppendAsync(
                subscription,
                at is { } time ? attempt with { At = time, EndedAt = time } : attempt,
                hasWaited: false,
                default
            );
        }
    }

    private protected async Task FillAsync()
    {
        var audit = new AuditLog(_services.Tables, _services.Time);
        var deliveries = new DeliveryLog(_services.Tables);
        for (var i = 0; i < 3; i++)
        {
            await audit.AppendAsync(Entry(i == 0 ? null : _organization), default);
            await deliveries.AppendAsync(SubscriptionId.New(_services.Time), Attempt(), hasWaited: false, default);
            await ArchiveAsync($"event-{i}", _services.Time.GetUtcNow());
        }
    }

    private protected Task PurgeAsync(
        ILogger<RetentionPurge>? log = null,
        TimeSpan? limit = null,
        int step = 1_000,
        TableServiceClient? tables = null,
        CancellationToken cancellationToken = default
    ) =>
        new RetentionPurge(tables ?? _services.Flaky, Replays(), s_options, _services.Time, log ?? NullLogger<RetentionPurge>.Instance)
        {
            Limit = limit ?? TimeSpan.FromMinutes(20),
            Step = step,
        }.RunAsync(cancellationToken);

    private protected RetentionPurge Purge() =>
        new(_services.Flaky, Replays(), s_options, _services.Time, NullLogger<RetentionPurge>.Instance);

    private protected ReplayLifecycle Replays() =>
        new(
            new ReplayStore(_services.Flaky),
            new AuditLog(_services.Tables, _services.Time),
            _services.Replays,
            _metrics.Metrics,
            _services.Time
        );

    private protected Replay Replay() =>
        new()
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
        };

    private protected Task<ArchiveResult> ArchiveAsync(string id, DateTimeOffset at) =>
        new EventArchive(_services.Tables, Given.Protector).AddAsync(
            _organization,
            Given.EventId(id),
            EventName.Parse("AnEvent"),
            EventSource.Http,
            Encoding.UTF8.GetBytes("payload"),
            at,
            default
        );

    private protected AuditEntry Entry(OrganizationId? organization) =>
        new()
        {
            Type = AuditType.KeyCreated,
            Timestamp = _services.Time.GetUtcNow(),
            OrganizationId = organization,
        };

    private protected DeliveryAttempt Attempt() =>
        new()
        {
            EventId = "evt_1",
            EventName = "AnEvent",
            Attempt = 1,
            Run = "event",
            At = _services.Time.GetUtcNow(),
            EndedAt = _services.Time.GetUtcNow(),
            Outcome = DeliveryOutcome.Delivered,
        };

    private protected TableClient Table(string name) => _services.Tables.GetTableClient(name);

    private protected async Task<(int Audit, int Deliveries, int Archive)> CountAsync() =>
        (await CountAsync(TableNames.AuditLog), await CountAsync(TableNames.DeliveryLog), await CountAsync(TableNames.EventArchive));

    private protected async Task<int> CountAsync(string table) => (await RowsAsync(table)).Count;

    private protected async Task<List<TableEntity>> RowsAsync(string table)
    {
        List<TableEntity> rows = [];
        await foreach (var row in Table(table).QueryAsync<TableEntity>())
        {
            rows.Add(row);
        }

        return rows;
    }
}
