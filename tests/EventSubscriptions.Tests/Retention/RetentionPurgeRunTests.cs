using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Statistics;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Http;
using EventSubscriptions.Replays;
using EventSubscriptions.Retention;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Events;
using EventSubscriptions.Tests.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Retention;

public sealed class RetentionPurgeRunTests : RetentionPurgeTestBase
{
    [Fact]
    public async Task Next_run_deletes_the_rest_when_a_run_was_cancelled()
    {
        await FillAsync();
        _services.Time.Advance(TimeSpan.FromDays(365));

        await PurgeAsync(cancellationToken: new CancellationToken(canceled: true));
        Assert.Equal((3, 6, 6), await CountAsync());

        await PurgeAsync();
        Assert.Equal((0, 0, 0), await CountAsync());
    }

    [Fact]
    public async Task Other_tables_are_purged_when_one_table_fails()
    {
        await FillAsync();
        _services.Time.Advance(TimeSpan.FromDays(365));
        _services.Flaky.Failure = (table, _) => table == TableNames.DeliveryLog ? new RequestFailedException(503, "busy") : null;

        await PurgeAsync();

        Assert.Equal((0, 6, 0), await CountAsync());
    }

    [Fact]
    public async Task Log_has_the_number_of_rows_removed_from_each_table()
    {
        await FillAsync();
        _services.Time.Advance(TimeSpan.FromDays(61));
        var log = new RecordingLogger<RetentionPurge>();

        await PurgeAsync(log);

        Assert.Contains(
            Messages(log),
            line => line.StartsWith("Removed 0 rows", StringComparison.Ordinal) && line.Contains("auditlog", StringComparison.Ordinal)
        );
        Assert.Contains(
            Messages(log),
            line => line.StartsWith("Removed 6 rows", StringComparison.Ordinal) && line.Contains("deliverylog", StringComparison.Ordinal)
        );
        Assert.Contains(
            Messages(log),
            line => line.StartsWith("Removed 6 rows", StringComparison.Ordinal) && line.Contains("eventarchive", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Tables_are_purged_when_replays_cannot_be_read()
    {
        await FillAsync();
        await new ReplayStore(_services.Tables).PutAsync(Replay(), default);
        _services.Time.Advance(TimeSpan.FromDays(365));
        _services.Flaky.Failure = (table, _) => table == TableNames.Replays ? new RequestFailedException(503, "busy") : null;

        await PurgeAsync();

        Assert.Equal((0, 0, 0), await CountAsync());
    }

    [Fact]
    public async Task Next_run_continues_where_a_run_stopped_at_its_time_limit()
    {
        List<SubscriptionId> subscriptions = [];
        for (var i = 0; i < 3; i++)
        {
            subscriptions.Add(SubscriptionId.New(_services.Time));
            _services.Time.Advance(TimeSpan.FromSeconds(1));
            await AttemptsAsync(subscriptions[i], 20);
        }

        _services.Time.Advance(TimeSpan.FromDays(365));
        SlowDownDeliveryLog();
        var log = new RecordingLogger<RetentionPurge>();

        await PurgeAsync(log, limit: TimeSpan.FromMinutes(12), step: 10);
        Assert.Equal(new[] { 0, 40, 40 }, await RemainingAsync());
        Assert.Contains(
            Messages(log),
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
    public async Task Other_tables_are_purged_when_one_table_uses_up_the_time_limit()
    {
        await AttemptsAsync(SubscriptionId.New(_services.Time), 50);
        await ArchiveAsync("event", _services.Time.GetUtcNow());
        _services.Time.Advance(TimeSpan.FromDays(365));
        SlowDownDeliveryLog();

        await PurgeAsync(limit: TimeSpan.FromMinutes(1), step: 10);

        Assert.Equal((0, 80, 0), await CountAsync());
    }

    [Fact]
    public async Task Run_reads_expired_rows_only()
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
    public async Task Purge_ends_when_the_app_stops()
    {
        await FillAsync();
        _services.Time.Advance(TimeSpan.FromDays(365));
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        lifetime.StopApplication();

        await new PurgeExpired(
            new ClientCertificateExpiry(
                Given.SubscriptionStore(_services.Flaky, _services.Time),
                new RecordingOperationalEvents(),
                _services.Time,
                NullLogger<ClientCertificateExpiry>.Instance
            ),
            Purge(),
            new StatisticsMerge(_services.Flaky, _services.Time, NullLogger<StatisticsMerge>.Instance),
            lifetime
        ).RunAsync(new TimerInfo(), default);

        Assert.Equal((3, 6, 6), await CountAsync());
    }

    /// <summary>At the timeout the host ends the worker process.</summary>
    [Fact]
    public async Task Purge_ends_5_minutes_before_the_timeout_of_functions()
    {
        using var host = JsonDocument.Parse(await File.ReadAllTextAsync(Repository.PathOf("host.json")));
        var limit = TimeSpan.Parse(host.RootElement.GetProperty("functionTimeout").GetString()!, CultureInfo.InvariantCulture);

        Assert.True(Purge().Limit + StatisticsMerge.Limit + TimeSpan.FromMinutes(5) <= limit);
    }

    [Fact]
    public async Task Continued_run_reads_no_partition_twice()
    {
        for (var i = 0; i < 4; i++)
        {
            await AttemptsAsync(SubscriptionId.New(_services.Time), 1);
            _services.Time.Advance(TimeSpan.FromSeconds(1));
        }

        await PurgeAsync(limit: TimeSpan.FromTicks(1), step: 2);
        var tables = new CountingTables(_services.Tables);
        await PurgeAsync(tables: tables);

        // Nothing has expired: the first row of each partition, and of the one after the position.
        Assert.InRange(tables.RowsOf(TableNames.DeliveryLog), 4, 5);
    }

    /// <summary>Against Azurite, in steps of a few rows.</summary>
    [Fact]
    public async Task Azurite_is_purged_like_the_embedded_store()
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
                EventSource.Http,
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

    private void SlowDownDeliveryLog() =>
        _services.Flaky.Failure = (table, _) =>
        {
            _services.Time.Advance(TimeSpan.FromMinutes(table == TableNames.DeliveryLog ? 6 : 0));
            return null;
        };

    private static IEnumerable<string> Messages(RecordingLogger<RetentionPurge> log) => log.Entries.Select(entry => entry.Message);
}
