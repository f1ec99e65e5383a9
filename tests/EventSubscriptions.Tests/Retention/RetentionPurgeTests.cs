using System.Text;
using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Replays;
using EventSubscriptions.Retention;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Storage;
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
        await Task.WhenAll(
            Enumerable
                .Range(0, 250)
                .SelectMany(_ => new[] { Entry(_organization), Entry(null) })
                .Select(entry => audit.AppendAsync(entry, default))
        );
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
        Assert.Equal(2, await CountAsync(TableNames.EventArchive));

        _services.Time.Advance(TimeSpan.FromDays(10));
        await PurgeAsync();
        Assert.Equal(0, await CountAsync(TableNames.EventArchive));
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

        Assert.Contains(
            log.All,
            line => line.StartsWith("Removed 0 rows", StringComparison.Ordinal) && line.Contains("auditlog", StringComparison.Ordinal)
        );
        Assert.Contains(
            log.All,
            line => line.StartsWith("Removed 6 rows", StringComparison.Ordinal) && line.Contains("deliverylog", StringComparison.Ordinal)
        );
        Assert.Contains(
            log.All,
            line => line.StartsWith("Removed 6 rows", StringComparison.Ordinal) && line.Contains("eventarchive", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Replay_that_stands_still_is_ended_and_deleted_in_time()
    {
        await new ReplayStore(_services.Tables).PutAsync(Replay(), default);

        await AtDayAsync(2);
        var row = Assert.Single(await RowsAsync(TableNames.Replays));
        Assert.Equal("failed", row.GetString("state"));
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

    [Fact]
    public async Task Run_ends_at_its_limit_and_the_next_goes_on_where_it_stopped()
    {
        List<SubscriptionId> subscriptions = [];
        for (var i = 0; i < 3; i++)
        {
            subscriptions.Add(SubscriptionId.New(_services.Time));
            _services.Time.Advance(TimeSpan.FromSeconds(1));
            await AttemptsAsync(subscriptions[i], 20);
        }

        _services.Time.Advance(TimeSpan.FromDays(365));
        _services.Flaky.Failure = (table, _) =>
        {
            _services.Time.Advance(TimeSpan.FromMinutes(table == TableNames.DeliveryLog ? 6 : 0));
            return null;
        };
        var log = new Lines();

        await PurgeAsync(log, limit: TimeSpan.FromMinutes(12), step: 10);
        Assert.Equal(new[] { 0, 40, 40 }, await RemainingAsync());
        Assert.Contains(
            log.All,
            line =>
                line.StartsWith("Removed 40 rows", StringComparison.Ordinal)
                && line.Contains("deliverylog, and stopped at the time limit", StringComparison.Ordinal)
        );
        await AttemptsAsync(subscriptions[0], 1, _services.Time.GetUtcNow().AddDays(-100));
        await PurgeAsync(limit: TimeSpan.FromMinutes(12), step: 10);
        Assert.Equal(new[] { 2, 0, 40 }, await RemainingAsync());
        await PurgeAsync(limit: TimeSpan.FromMinutes(12), step: 10);
        Assert.Equal(new[] { 2, 0, 0 }, await RemainingAsync());
        await PurgeAsync(limit: TimeSpan.FromMinutes(12), step: 10);
        Assert.Equal(new[] { 0, 0, 0 }, await RemainingAsync());

        async Task<int[]> RemainingAsync()
        {
            var rows = await RowsAsync(TableNames.DeliveryLog);
            return [.. subscriptions.Select(id => rows.Count(row => row.PartitionKey == id.ToString()))];
        }
    }

    [Fact]
    public async Task Table_with_more_than_a_run_can_delete_keeps_no_other_from_its_turn()
    {
        await AttemptsAsync(SubscriptionId.New(_services.Time), 50);
        await ArchiveAsync("event", _services.Time.GetUtcNow());
        _services.Time.Advance(TimeSpan.FromDays(365));
        _services.Flaky.Failure = (table, _) =>
        {
            _services.Time.Advance(TimeSpan.FromMinutes(table == TableNames.DeliveryLog ? 6 : 0));
            return null;
        };

        await PurgeAsync(limit: TimeSpan.FromMinutes(1), step: 10);

        Assert.Equal((0, 80, 0), await CountAsync());
    }

    [Fact]
    public async Task Run_reads_what_has_expired_and_not_what_is_kept()
    {
        var tables = new CountingTables(_services.Tables);
        var subscription = SubscriptionId.New(_services.Time);
        await AttemptsAsync(subscription, 3);
        await ArchiveAsync("old", _services.Time.GetUtcNow());
        _services.Time.Advance(TimeSpan.FromDays(365));
        await AttemptsAsync(subscription, 200);
        for (var i = 0; i < 50; i++)
        {
            await ArchiveAsync($"event-{i}", _services.Time.GetUtcNow());
        }

        await PurgeAsync(tables: tables);

        // The first row of the partition, and the expired ones.
        Assert.Equal((1 + 3, 1 + 1), (tables.RowsOf(TableNames.DeliveryLog), tables.RowsOf(TableNames.EventArchive)));
        Assert.Equal((0, 400, 100), await CountAsync());
    }

    [Fact]
    public async Task Attempt_goes_with_its_own_rows_and_with_none_of_a_later_one()
    {
        var log = new DeliveryLog(_services.Tables);
        var subscription = SubscriptionId.New(_services.Time);
        for (var hour = 0; hour < 3; hour++)
        {
            await log.AppendAsync(subscription, Attempt(), hasWaited: false, default);
            _services.Time.Advance(TimeSpan.FromHours(1));
        }

        _services.Time.Advance(TimeSpan.FromDays(60) - TimeSpan.FromHours(1.5));
        await PurgeAsync();
        Assert.Equal(2, await CountAsync(TableNames.DeliveryLog));
        _services.Time.Advance(TimeSpan.FromDays(1));
        await PurgeAsync();
        Assert.Equal(0, await CountAsync(TableNames.DeliveryLog));
    }

    [Fact]
    public async Task Delivery_that_waits_for_longer_than_the_log_is_kept_is_forgotten()
    {
        var log = new DeliveryLog(_services.Tables);
        var subscription = SubscriptionId.New(_services.Time);
        await log.WaitAsync(Given.Delivery(subscription, "evt_1"), _services.Time.GetUtcNow(), default);
        _services.Time.Advance(TimeSpan.FromDays(59));
        await log.WaitAsync(Given.Delivery(subscription, "evt_2"), _services.Time.GetUtcNow(), default);
        await PurgeAsync();
        Assert.Equal(2, await Given.CountWaitingAsync(_services.Tables, subscription));

        _services.Time.Advance(TimeSpan.FromDays(2));
        await PurgeAsync();

        Assert.Equal(1, await Given.CountWaitingAsync(_services.Tables, subscription));
    }

    [Fact]
    public async Task Attempts_of_former_versions_are_deleted_at_once()
    {
        var now = _services.Time.GetUtcNow();
        await AttemptsAsync(SubscriptionId.New(_services.Time), 1);
        await Table(TableNames.DeliveryLog)
            .UpsertEntityAsync(
                new TableEntity(SubscriptionId.New(_services.Time).ToString(), $"{InvertedTicks.Format(now)}:evt_1:event:1")
                {
                    ["outcome"] = "delivered",
                }
            );

        await PurgeAsync();

        Assert.Equal(
            [$"e:evt_1:event:1:{InvertedTicks.Format(now)}", $"t:{InvertedTicks.Format(now)}:evt_1:event:1"],
            (await RowsAsync(TableNames.DeliveryLog)).Select(row => row.RowKey)
        );
    }

    [Fact]
    public async Task What_a_deleted_subscription_has_left_goes_and_what_others_have_stays()
    {
        var store = Given.SubscriptionStore(_services.Tables, _services.Time);
        var kept = await store.AddAsync(
            Given.Subscription(_organization, _services.Time),
            Given.Entry(Given.Subscription(_organization, _services.Time), AuditType.SubscriptionCreated),
            default
        );
        var table = Table(TableNames.Subscriptions);
        var other = Given.Organization();
        foreach (
            var (organization, id) in new[]
            {
                (_organization, kept.Id),
                (_organization, SubscriptionId.New(_services.Time)),
                (other, SubscriptionId.New(_services.Time)),
            }
        )
        {
            await table.UpsertEntityAsync(new TableEntity(organization.ToString(), $"h:{id}"));
            await table.UpsertEntityAsync(new TableEntity(organization.ToString(), $"r:{id}"));
        }

        await table.UpsertEntityAsync(new TableEntity(other.ToString(), "v") { ["version"] = "1" });
        await table.UpsertEntityAsync(new TableEntity(other.ToString(), "d:old"));
        _services.Time.Advance(TimeSpan.FromDays(89));
        await table.UpsertEntityAsync(new TableEntity(other.ToString(), "d:young"));
        await PurgeAsync();
        Assert.Equal(
            ["d:old", "d:young"],
            (await RowsAsync(TableNames.Subscriptions)).Where(row => row.PartitionKey == other.ToString()).Select(row => row.RowKey)
        );
        _services.Time.Advance(TimeSpan.FromDays(2));
        await table.DeleteEntityAsync(other.ToString(), "d:young");

        await PurgeAsync();

        Assert.Equal(
            [
                (_organization.ToString(), $"h:{kept.Id}"),
                (_organization.ToString(), $"r:{kept.Id}"),
                (_organization.ToString(), $"s:{kept.Id}"),
                (_organization.ToString(), "v"),
            ],
            (await RowsAsync(TableNames.Subscriptions)).Select(row => (row.PartitionKey, row.RowKey))
        );
    }

    /// <summary>Against Azurite, in steps of a few rows.</summary>
    [Fact]
    public async Task Azurite_is_purged_like_the_local_tables()
    {
        await using var azurite = await AzuriteServer.StartAsync();
        var tables = await Given.WithTablesAsync(new TableServiceClient(azurite.ConnectionString));
        var log = new DeliveryLog(tables);
        var archive = new EventArchive(tables, Given.Protector);
        var now = DateTimeOffset.UtcNow;
        var subscription = SubscriptionId.New(_services.Time);
        for (var i = 0; i < 5; i++)
        {
            var attempt = Attempt() with { EventId = $"evt_{i}", At = now, EndedAt = now, NextAttemptAt = i == 0 ? now : null };
            await log.AppendAsync(subscription, attempt, hasWaited: false, default);
            await log.AppendAsync(
                subscription,
                attempt with
                {
                    At = now.AddDays(365),
                    EndedAt = now.AddDays(365),
                    NextAttemptAt = null,
                },
                hasWaited: false,
                default
            );
            await archive.AddAsync(
                _organization,
                Given.EventId($"evt_{i}"),
                EventName.Parse("AnEvent"),
                "payload"u8.ToArray(),
                now,
                default
            );
        }

        await tables.GetTableClient(TableNames.Subscriptions).UpsertEntityAsync(new TableEntity("1", "h:sub_gone"));
        await tables.GetTableClient(TableNames.Subscriptions).UpsertEntityAsync(new TableEntity("1", "v"));
        _services.Time.SetUtcNow(now.AddDays(365));

        await PurgeAsync(tables: tables, step: 2);

        Assert.Equal(
            5,
            (
                await log.ListAsync(
                    subscription,
                    new DeliveryFilter(new TimeRange(null, null), null, null),
                    new PageRequest("test", 100, null),
                    default
                )
            )
                .Items
                .Count
        );
        Assert.Equal(0, await Given.CountWaitingAsync(_services.Tables, subscription));
        foreach (
            var (table, rows) in new[]
            {
                (TableNames.DeliveryLog, 10),
                (TableNames.EventArchive, 0),
                (TableNames.Subscriptions, 0),
                (TableNames.Retention, 0),
            }
        )
        {
            Assert.Equal((table, rows), (table, await tables.GetTableClient(table).QueryAsync<TableEntity>().CountAsync()));
        }
    }

    [Fact]
    public async Task Event_goes_as_a_whole()
    {
        await ArchiveAsync("one", _services.Time.GetUtcNow());
        await ArchiveAsync("two", _services.Time.GetUtcNow());
        await Table(TableNames.EventArchive).DeleteEntityAsync(_organization.ToString(), "e:one", ETag.All);
        _services.Time.Advance(TimeSpan.FromDays(31));

        await PurgeAsync();

        Assert.Equal(0, await CountAsync(TableNames.EventArchive));
    }

    private async Task AttemptsAsync(SubscriptionId subscription, int count, DateTimeOffset? at = null)
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

    private Task PurgeAsync(
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

    private ReplayLifecycle Replays() =>
        new(
            new ReplayStore(_services.Flaky),
            new AuditLog(_services.Tables, _services.Time),
            _services.Replays,
            _metrics.Metrics,
            _services.Time
        );

    private Replay Replay() =>
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

    private Task<ArchiveResult> ArchiveAsync(string id, DateTimeOffset at) =>
        new EventArchive(_services.Tables, Given.Protector).AddAsync(
            _organization,
            Given.EventId(id),
            EventName.Parse("AnEvent"),
            Encoding.UTF8.GetBytes("payload"),
            at,
            default
        );

    private AuditEntry Entry(OrganizationId? organization) =>
        new()
        {
            Type = AuditType.KeyCreated,
            Timestamp = _services.Time.GetUtcNow(),
            OrganizationId = organization,
        };

    private DeliveryAttempt Attempt() =>
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

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            Microsoft.Extensions.Logging.EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => All.Add(formatter(state, exception));
    }
}
