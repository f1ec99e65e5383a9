using Azure.Data.Tables;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Destinations;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Deliveries.Log;

public sealed class DeliveryLogOnAzuriteTests() : DeliveryLogTests(new AzuriteStores());

public sealed class DeliveryLogOnEmbeddedTests() : DeliveryLogTests(new LocalStores());

public abstract class DeliveryLogTests(ITableStores stores) : DeliveryLogTestBase(stores)
{
    [Fact]
    public async Task Attempt_is_read_as_it_was_added()
    {
        var log = await LogAsync();
        var attempt = Attempt(1) with
        {
            Attempt = 3,
            Run = "run_1",
            At = s_start.AddTicks(1_234_567),
            StatusCode = 503,
            EndedAt = s_start.AddDays(60).AddTicks(7),
            Error = new DeliveryError(ErrorKind.Status, "The receiver returned 503 Service Unavailable."),
            ResponseSnippet = "<p>Grüße 😀\n",
            NextAttemptAt = s_start.AddHours(1),
        };

        await AppendAsync(log, attempt);
        await AppendAsync(log, Attempt(0));

        Assert.Equal([attempt, Attempt(0)], (await PageAsync(log, s_all, 100, null)).Items);
        Assert.Equal([attempt], await log.AttemptsOfAsync(_subscription, Given.EventId("evt_1"), 100, default));
    }

    [Fact]
    public async Task Attempt_is_stored_once_when_it_is_added_twice()
    {
        var log = await LogAsync();

        await AppendAsync(log, Attempt(0));
        await AppendAsync(log, Attempt(0));

        Assert.Single((await PageAsync(log, s_all, 100, null)).Items);
    }

    [Fact]
    public async Task Attempts_that_ended_at_the_same_time_are_all_stored()
    {
        var log = await LogAsync();
        DeliveryAttempt[] attempts =
        [
            Attempt(0),
            Attempt(0) with
            {
                EventId = "evt_other",
            },
            Attempt(0) with
            {
                Run = "run_1",
            },
            Attempt(0) with
            {
                Attempt = 2,
            },
        ];

        await Task.WhenAll(attempts.Select(attempt => AppendAsync(log, attempt)));

        Assert.Equal(attempts.ToHashSet(), (await PageAsync(log, s_all, 100, null)).Items.ToHashSet());
    }

    [Fact]
    public async Task Attempts_of_an_event_are_read_without_scanning_the_log()
    {
        var tables = new CountingTables(await ConnectAsync());
        var log = new DeliveryLog(tables);
        await AddAsync(log, 300);

        Assert.Single(await log.AttemptsOfAsync(_subscription, Given.EventId("evt_7"), 100, default));
        Assert.Equal(2, tables.RowsOf(TableNames.DeliveryLog));
        Assert.Empty(await log.AttemptsOfAsync(_subscription, Given.EventId("evt_none"), 100, default));
        Assert.Equal(2, tables.RowsOf(TableNames.DeliveryLog));
        Assert.Single((await PageAsync(log, s_all with { EventId = "evt_7" }, 100, null)).Items);
        Assert.Equal(4, tables.RowsOf(TableNames.DeliveryLog));
    }

    [Fact]
    public async Task Attempt_is_listed_twice_when_it_was_repeated_after_a_crash()
    {
        var log = await LogAsync();
        var repeated = Attempt(1) with { At = s_start.AddMinutes(1), EndedAt = s_start.AddMinutes(2) };
        await AppendAsync(log, Attempt(1));
        await AppendAsync(log, repeated);

        Assert.Equal([repeated, Attempt(1)], await log.AttemptsOfAsync(_subscription, Given.EventId("evt_1"), 10, default));
    }

    [Fact]
    public async Task Attempts_are_stored_when_their_delivery_was_not_recorded_as_waiting()
    {
        var log = await LogAsync();
        await log.WaitAsync(Given.Delivery(_subscription, "evt_5"), s_start, default);

        await Task.WhenAll(Enumerable.Range(0, 60).Select(second => AppendAsync(log, Attempt(second), hasWaited: second % 3 > 0)));

        Assert.Equal(60, (await PageAsync(log, s_all, 100, null)).Items.Count);
        Assert.Equal(0, await WaitingAsync());
    }

    [Fact]
    public async Task Delivered_first_attempt_has_two_rows()
    {
        var tables = await ConnectAsync();
        await AppendAsync(new DeliveryLog(tables), Attempt(0));

        var rows = tables.GetTableClient(TableNames.DeliveryLog).QueryAsync<TableEntity>($"PartitionKey eq '{_subscription}'");
        var ended = InvertedTicks.Format(Attempt(0).EndedAt);
        Assert.Equal([$"e:evt_0:event:1:{ended}", $"t:{ended}:evt_0:event:1"], await rows.Select(row => row.RowKey).ToListAsync());
    }

    [Fact]
    public async Task Delivery_is_waiting_from_a_failed_attempt_to_the_last_attempt()
    {
        var log = await LogAsync();
        var failed = Attempt(1) with { NextAttemptAt = s_start.AddMinutes(1) };

        await AppendAsync(log, failed);
        await AppendAsync(log, failed with { EventId = "evt_other" });
        await AppendAsync(log, failed with { Attempt = 2, EndedAt = s_start.AddMinutes(2) }, hasWaited: true);
        Assert.Equal(2, await WaitingAsync());

        await AppendAsync(log, Attempt(200) with { EventId = "evt_1", Attempt = 3 }, hasWaited: true);
        Assert.Equal(1, await WaitingAsync());
    }

    [Fact]
    public async Task Delivery_is_waiting_while_it_is_postponed()
    {
        var log = await LogAsync();
        await log.WaitAsync(Given.Delivery(_subscription, "evt_1"), s_start, default);
        await log.WaitAsync(Given.Delivery(_subscription, "evt_2"), s_start, default);
        await log.WaitAsync(Given.Delivery(_subscription, "evt_2"), s_start.AddMinutes(1), default);
        Assert.Equal(2, await WaitingAsync());

        await AppendAsync(log, Attempt(1), hasWaited: true);
        await log.EndWaitAsync(Given.Delivery(_subscription, "evt_2"), default);
        await log.EndWaitAsync(Given.Delivery(_subscription, "evt_3"), default);
        Assert.Equal(0, await WaitingAsync());
    }

    private async Task<int> WaitingAsync() => await Given.CountWaitingAsync(await ConnectAsync(), _subscription);
}
