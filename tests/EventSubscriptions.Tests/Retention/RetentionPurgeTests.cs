using System.Text;
using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Events;
using EventSubscriptions.Replays;
using EventSubscriptions.Retention;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Retention;

public sealed class RetentionPurgeTests : IAsyncLifetime
{
    private static readonly RetentionOptions s_options = new()
    {
        AuditLog = TimeSpan.FromDays(90),
        DeliveryLog = TimeSpan.FromDays(60),
        EventArchive = TimeSpan.FromDays(30),
    };

    private readonly OrganizationId _organization = Given.Organization();
    private readonly MetricsRecorder _metrics = MetricsRecorder.Start();
    private LocalServices _services = null!;

    public async Task InitializeAsync() => _services = await LocalServices.StartAsync();

    public Task DisposeAsync()
    {
        _services.Dispose();
        _metrics.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Every_table_keeps_its_rows_for_its_own_time()
    {
        await FillAsync();
        Assert.Equal((3, 6, 6), await CountAsync());

        await AtDayAsync(29);
        Assert.Equal((3, 6, 6), await CountAsync());
        await AtDayAsync(31);
        Assert.Equal((3, 6, 0), await CountAsync());
        await AtDayAsync(61);
        Assert.Equal((3, 0, 0), await CountAsync());
        await AtDayAsync(91);
        Assert.Equal((0, 0, 0), await CountAsync());
    }

    [Fact]
    public async Task Younger_rows_stay_in_partitions_with_many_old_ones()
    {
        var audit = new AuditLog(_services.Tables, _services.Time);
        await Task.WhenAll(Enumerable.Range(0, 250).SelectMany(_ => new[] { Entry(_organization), Entry(null) }).Select(entry => audit.AppendAsync(entry, default)));
        _services.Time.Advance(TimeSpan.FromDays(89));
        await audit.AppendAsync(Entry(_organization), default);
        await audit.AppendAsync(Entry(null), default);
        _services.Time.Advance(TimeSpan.FromDays(2));

        await PurgeAsync();

        Assert.Equal(2, await CountAsync(TableNames.AuditLog));
    }

    [Fact]
    public async Task Event_that_was_archived_late_keeps_its_payload_as_long_as_any_other()
    {
        var enqueued = _services.Time.GetUtcNow();
        _services.Time.Advance(TimeSpan.FromDays(10));
        await ArchiveAsync("late", enqueued);

        _services.Time.Advance(TimeSpan.FromDays(25));
        await PurgeAsync();
        Assert.Equal(1, await CountAsync(TableNames.EventArchive));

        _services.Time.Advance(TimeSpan.FromDays(10));
        await PurgeAsync();
        Assert.Equal(0, await CountAsync(TableNames.EventArchive));
    }

    [Fact]
    public async Task Event_that_comes_again_after_its_purge_is_kept_as_long_as_a_new_one()
    {
        await ArchiveAsync("again", _services.Time.GetUtcNow());
        // As if a purge had died after the payload.
        await Table(TableNames.EventArchive).DeleteEntityAsync(_organization.ToString(), "e:again", ETag.All);
        _services.Time.Advance(TimeSpan.FromDays(20));
        await ArchiveAsync("again", _services.Time.GetUtcNow());
        _services.Time.Advance(TimeSpan.FromDays(20));

        await PurgeAsync();

        Assert.Equal(2, await CountAsync(TableNames.EventArchive));
    }

    [Fact]
    public async Task Purge_that_is_stopped_deletes_nothing_more_and_the_next_one_does_the_rest()
    {
        await FillAsync();
        _services.Time.Advance(TimeSpan.FromDays(365));

        await PurgeAsync(cancellationToken: new CancellationToken(canceled: true));
        Assert.Equal((3, 6, 6), await CountAsync());

        await PurgeAsync();
        Assert.Equal((0, 0, 0), await CountAsync());
    }

    [Fact]
    public async Task Trouble_with_one_table_does_not_keep_the_others_from_their_turn()
    {
        await FillAsync();
        _services.Time.Advance(TimeSpan.FromDays(365));
        _services.Flaky.Failure = (table, _) => table == TableNames.DeliveryLog ? new RequestFailedException(503, "busy") : null;

        await PurgeAsync();

        Assert.Equal((0, 6, 0), await CountAsync());
    }

    [Fact]
    public async Task Log_says_what_was_removed_from_each_table()
    {
        await FillAsync();
        _services.Time.Advance(TimeSpan.FromDays(61));
        var log = new Lines();

        await PurgeAsync(log);

        Assert.Contains(log.All, line => line.StartsWith("Removed 0 rows", StringComparison.Ordinal) && line.Contains("auditlog", StringComparison.Ordinal));
        Assert.Contains(log.All, line => line.StartsWith("Removed 6 rows", StringComparison.Ordinal) && line.Contains("deliverylog", StringComparison.Ordinal));
        Assert.Contains(log.All, line => line.StartsWith("Removed 6 rows", StringComparison.Ordinal) && line.Contains("eventarchive", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Replay_that_stands_still_is_ended_and_deleted_in_time()
    {
        await new ReplayStore(_services.Tables).PutAsync(Replay(), default);

        await AtDayAsync(2);
        var row = Assert.Single(await RowsAsync(TableNames.Replays));
        Assert.Equal(ReplayState.Failed, row.GetString("state"));
        await AtDayAsync(61);
        Assert.Equal(1, await CountAsync(TableNames.Replays));
        await AtDayAsync(63);
        Assert.Equal(0, await CountAsync(TableNames.Replays));
    }

    [Fact]
    public async Task Trouble_with_replays_does_not_keep_the_tables_from_their_turn()
    {
        await FillAsync();
        await new ReplayStore(_services.Tables).PutAsync(Replay(), default);
        _services.Time.Advance(TimeSpan.FromDays(365));
        _services.Flaky.Failure = (table, _) => table == TableNames.Replays ? new RequestFailedException(503, "busy") : null;

        await PurgeAsync();

        Assert.Equal((0, 0, 0), await CountAsync());
    }

    private async Task FillAsync()
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

    private Task AtDayAsync(int day)
    {
        _services.Time.SetUtcNow(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero).AddDays(day));
        return PurgeAsync();
    }

    private Task PurgeAsync(ILogger<RetentionPurge>? log = null, CancellationToken cancellationToken = default) =>
        new RetentionPurge(_services.Flaky, Runner(), s_options, _services.Time, log ?? NullLogger<RetentionPurge>.Instance).RunAsync(cancellationToken);

    private ReplayRunner Runner() => new(
        new ReplayStore(_services.Flaky),
        new ReplaySearch(new EventArchive(_services.Tables, Given.Protector), new DeliveryLog(_services.Tables)),
        Given.SubscriptionStore(_services.Tables, _services.Time),
        new AuditLog(_services.Tables, _services.Time),
        new ReplayOptions(),
        _services.Replays,
        _services.Deliveries,
        _metrics.Metrics,
        _services.Time);

    private Replay Replay() => new()
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
        StartedBy = "somebody",
    };

    private Task<ArchiveResult> ArchiveAsync(string id, DateTimeOffset at) =>
        new EventArchive(_services.Tables, Given.Protector).AddAsync(_organization, Given.EventId(id), "AnEvent", Encoding.UTF8.GetBytes("payload"), at, default);

    private AuditEntry Entry(OrganizationId? organization) => new() { Type = AuditType.KeyCreated, Timestamp = _services.Time.GetUtcNow(), OrganizationId = organization };

    private DeliveryAttempt Attempt() =>
        new() { EventId = "evt_1", EventName = "AnEvent", Attempt = 1, Run = "event", At = _services.Time.GetUtcNow(), EndedAt = _services.Time.GetUtcNow(), Outcome = DeliveryOutcome.Delivered };

    private TableClient Table(string name) => _services.Tables.GetTableClient(name);

    private async Task<(int Audit, int Deliveries, int Archive)> CountAsync() =>
        (await CountAsync(TableNames.AuditLog), await CountAsync(TableNames.DeliveryLog), await CountAsync(TableNames.EventArchive));

    private async Task<int> CountAsync(string table) => (await RowsAsync(table)).Count;

    private async Task<List<TableEntity>> RowsAsync(string table)
    {
        List<TableEntity> rows = [];
        await foreach (var row in Table(table).QueryAsync<TableEntity>())
        {
            rows.Add(row);
        }

        return rows;
    }

    private sealed class Lines : ILogger<RetentionPurge>
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Add(formatter(state, exception));
    }
}
