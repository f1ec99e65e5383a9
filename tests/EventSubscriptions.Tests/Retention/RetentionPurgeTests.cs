using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Replays;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Tests.Retention;

public sealed class RetentionPurgeTests : RetentionPurgeTestBase
{
    [Fact]
    public async Task Rows_are_deleted_when_the_retention_time_of_their_table_is_over()
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
    public async Task Recent_rows_are_kept_when_their_partition_has_many_old_ones()
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
    public async Task Archived_event_is_kept_for_its_full_time_when_it_was_archived_late()
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
    public async Task Attempt_is_deleted_without_the_rows_of_later_attempts()
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
    public async Task Waiting_delivery_is_deleted_when_it_waits_longer_than_the_delivery_log_is_kept()
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
    public async Task Rows_in_the_format_of_former_versions_are_deleted_at_once()
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
    public async Task Rows_of_a_deleted_subscription_are_deleted_and_those_of_others_are_kept()
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

    [Fact]
    public async Task Version_stays_when_a_subscription_is_created_while_it_is_purged()
    {
        var table = Table(TableNames.Subscriptions);
        await table.UpsertEntityAsync(new TableEntity(_organization.ToString(), "v") { ["version"] = "1" });
        var uses = 0;
        _services.Flaky.Failure = (name, partition) =>
        {
            // The second use of the partition is the transaction that deletes.
            if (name == TableNames.Subscriptions && partition == _organization.ToString() && ++uses == 2)
            {
                table.UpsertEntityAsync(new TableEntity(_organization.ToString(), "v") { ["version"] = "2" }).Wait();
            }

            return null;
        };

        await PurgeAsync();

        Assert.True(uses >= 2);
        Assert.Equal(["v"], (await RowsAsync(TableNames.Subscriptions)).Select(row => row.RowKey));
    }

    [Fact]
    public async Task Archived_event_is_deleted_with_all_its_rows()
    {
        await ArchiveAsync("one", _services.Time.GetUtcNow());
        await ArchiveAsync("two", _services.Time.GetUtcNow());
        await Table(TableNames.EventArchive).DeleteEntityAsync(_organization.ToString(), "e:one", ETag.All);
        _services.Time.Advance(TimeSpan.FromDays(31));

        await PurgeAsync();

        Assert.Equal(0, await CountAsync(TableNames.EventArchive));
    }

    [Fact]
    public async Task Stalled_replay_is_ended_and_later_deleted()
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

    private Task AtDayAsync(int day)
    {
        _services.Time.SetUtcNow(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero).AddDays(day));
        return PurgeAsync();
    }
}
