using Azure.Data.Tables;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Destinations;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Deliveries.Log;

public sealed class DeliveryLogOnLocalStoresTests() : DeliveryLogTests(new LocalStores());

public sealed class DeliveryLogOnAzuriteTests() : DeliveryLogTests(new AzuriteStores());

public abstract class DeliveryLogTests(ITableStores stores)
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 31, 10, 0, 0, TimeSpan.Zero);
    private static readonly DeliveryFilter s_all = new(new TimeRange(null, null), null, null);

    private readonly SubscriptionId _subscription = SubscriptionId.New(TimeProvider.System);

    [Fact]
    public async Task Attempt_comes_back_as_it_was_added()
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
    public async Task Attempt_that_is_added_twice_is_there_once()
    {
        var log = await LogAsync();

        await AppendAsync(log, Attempt(0));
        await AppendAsync(log, Attempt(0));

        Assert.Single((await PageAsync(log, s_all, 100, null)).Items);
    }

    [Fact]
    public async Task Attempts_of_one_moment_are_kept_apart()
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

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(1000)]
    public async Task List_is_newest_first_over_all_of_its_pages(int pageSize)
    {
        var log = await LogAsync();
        await AddAsync(log, 10);

        var pages = await PagesAsync(log, s_all, pageSize);

        Assert.Equal(Enumerable.Range(0, 10).Reverse().Select(Attempt), pages.SelectMany(page => page.Items));
        Assert.All(pages, page => Assert.InRange(page.Items.Count, 1, pageSize));
        Assert.Null(pages[^1].ContinuationToken);
    }

    [Fact]
    public async Task List_holds_what_is_from_a_time_and_before_another()
    {
        var log = await LogAsync();
        await AddAsync(log, 10);

        var items = await ItemsAsync(log, s_all with { Times = new TimeRange(s_start.AddSeconds(3), s_start.AddSeconds(6)) }, 2);

        Assert.Equal([Attempt(5), Attempt(4), Attempt(3)], items);
    }

    [Fact]
    public async Task List_holds_what_the_filters_ask_for()
    {
        var log = await LogAsync();
        await AddAsync(log, 10);

        Assert.Equal([8, 6, 4, 2, 0], (await ItemsAsync(log, s_all with { Outcome = DeliveryOutcome.Delivered }, 2)).Select(Second));
        Assert.Equal([3], (await ItemsAsync(log, s_all with { EventId = "evt_3" }, 2)).Select(Second));
        Assert.Equal([3], (await ItemsAsync(log, s_all with { EventId = "evt_3", Outcome = DeliveryOutcome.Failed }, 2)).Select(Second));
        Assert.Empty(await ItemsAsync(log, s_all with { EventId = "evt_3", Outcome = DeliveryOutcome.Delivered }, 2));
    }

    [Fact]
    public async Task List_is_in_the_order_of_ending()
    {
        var log = await LogAsync();
        await AddAsync(log, 5);
        var slow = Attempt(1) with { EventId = "evt_slow", EndedAt = s_start.AddSeconds(16) };
        await AppendAsync(log, slow);

        Assert.Equal(slow, (await PageAsync(log, s_all, 1, null)).Items[0]);
        Assert.Equal([slow], await ItemsAsync(log, s_all with { Times = new TimeRange(s_start.AddSeconds(5), null) }, 10));
    }

    [Fact]
    public async Task Page_looks_at_a_bounded_number_of_rows_when_the_filter_accepts_none()
    {
        var log = await LogAsync();
        await AddAsync(log, 1_050);
        await AppendAsync(log, Attempt(-1) with { Outcome = DeliveryOutcome.Gone });

        var first = await PageAsync(log, s_all with { Outcome = DeliveryOutcome.Gone }, 100, null);
        var items = await ItemsAsync(log, s_all with { Outcome = DeliveryOutcome.Gone }, 100);

        Assert.Empty(first.Items);
        Assert.NotNull(first.ContinuationToken);
        Assert.Equal([-1], items.Select(Second));
    }

    [Fact]
    public async Task Delivery_is_opened_by_reading_as_many_rows_as_it_has_however_long_the_log_is()
    {
        var tables = new CountingTables(await stores.ConnectAsync());
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
    public async Task List_of_an_event_is_paged_and_filtered_like_any_other()
    {
        var log = await LogAsync();
        await AddAsync(log, 3);
        DeliveryAttempt[] attempts =
        [
            .. Enumerable
                .Range(1, 12)
                .Select(n => Attempt(2 * n) with { EventId = "evt_1x", Attempt = n, Run = n % 2 == 0 ? "event" : "rsd_1" }),
        ];
        foreach (var attempt in attempts)
        {
            await AppendAsync(log, attempt);
        }

        var filter = s_all with { EventId = "evt_1x" };
        Assert.Equal(attempts.Reverse(), await ItemsAsync(log, filter, 5));
        Assert.Equal(attempts.Reverse(), await ItemsAsync(log, filter, 12));
        Assert.Equal(attempts.Reverse().Take(3), await log.AttemptsOfAsync(_subscription, Given.EventId("evt_1x"), 3, default));
        Assert.Equal(
            [6, 4],
            (await ItemsAsync(log, filter with { Times = new TimeRange(s_start.AddSeconds(4), s_start.AddSeconds(8)) }, 5)).Select(Second)
        );
        Assert.Empty(await ItemsAsync(log, filter with { Outcome = DeliveryOutcome.Failed }, 5));
    }

    [Fact]
    public async Task Attempt_that_a_crash_repeated_is_shown_twice()
    {
        var log = await LogAsync();
        var repeated = Attempt(1) with { At = s_start.AddMinutes(1), EndedAt = s_start.AddMinutes(2) };
        await AppendAsync(log, Attempt(1));
        await AppendAsync(log, repeated);

        Assert.Equal([repeated, Attempt(1)], await log.AttemptsOfAsync(_subscription, Given.EventId("evt_1"), 10, default));
    }

    [Fact]
    public async Task Delivery_waits_from_a_failed_attempt_to_the_one_that_ends_it()
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
    public async Task Delivery_waits_while_it_is_postponed()
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

    [Fact]
    public async Task Attempts_are_stored_whether_or_not_their_delivery_was_noted_as_waiting()
    {
        var log = await LogAsync();
        await log.WaitAsync(Given.Delivery(_subscription, "evt_5"), s_start, default);

        await Task.WhenAll(Enumerable.Range(0, 60).Select(second => AppendAsync(log, Attempt(second), hasWaited: second % 3 > 0)));

        Assert.Equal(60, (await PageAsync(log, s_all, 100, null)).Items.Count);
        Assert.Equal(0, await WaitingAsync());
    }

    [Fact]
    public async Task First_attempt_that_arrives_is_two_rows()
    {
        var tables = await stores.ConnectAsync();
        await AppendAsync(new DeliveryLog(tables), Attempt(0));

        var rows = tables.GetTableClient(TableNames.DeliveryLog).QueryAsync<TableEntity>($"PartitionKey eq '{_subscription}'");
        var ended = InvertedTicks.Format(Attempt(0).EndedAt);
        Assert.Equal([$"e:evt_0:event:1:{ended}", $"t:{ended}:evt_0:event:1"], await rows.Select(row => row.RowKey).ToListAsync());
    }

    [Fact]
    public async Task Log_of_another_subscription_is_another()
    {
        var log = await LogAsync();
        await AddAsync(log, 1);

        Assert.Empty(
            (await log.ListAsync(SubscriptionId.New(TimeProvider.System), s_all, new PageRequest("test", 10, null), default)).Items
        );
    }

    private static DeliveryAttempt Attempt(int second) =>
        new()
        {
            EventId = $"evt_{second}",
            EventName = "CaseCreatedEvent",
            Attempt = 1,
            Run = "event",
            At = s_start.AddSeconds(second),
            Outcome = second % 2 == 0 ? DeliveryOutcome.Delivered : DeliveryOutcome.Failed,
            EndedAt = s_start.AddSeconds(second).AddMilliseconds(12),
        };

    private static int Second(DeliveryAttempt attempt) => (int)(attempt.At - s_start).TotalSeconds;

    private async Task<DeliveryLog> LogAsync() => new(await stores.ConnectAsync());

    private Task AppendAsync(DeliveryLog log, DeliveryAttempt attempt, bool hasWaited = false) =>
        log.AppendAsync(_subscription, attempt, hasWaited, default);

    private async Task<int> WaitingAsync() => await Given.CountWaitingAsync(await stores.ConnectAsync(), _subscription);

    private Task AddAsync(DeliveryLog log, int count) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(second => AppendAsync(log, Attempt(second))));

    private Task<ListPage<DeliveryAttempt>> PageAsync(DeliveryLog log, DeliveryFilter filter, int size, string? after) =>
        log.ListAsync(_subscription, filter, new PageRequest("test", size, after), default);

    private async Task<List<DeliveryAttempt>> ItemsAsync(DeliveryLog log, DeliveryFilter filter, int size) =>
        [.. (await PagesAsync(log, filter, size)).SelectMany(page => page.Items)];

    private async Task<List<ListPage<DeliveryAttempt>>> PagesAsync(DeliveryLog log, DeliveryFilter filter, int size)
    {
        List<ListPage<DeliveryAttempt>> pages = [await PageAsync(log, filter, size, null)];
        while (pages[^1].ContinuationToken is { } token)
        {
            Assert.True(ContinuationToken.TryDecode(token, "test", out var after));
            pages.Add(await PageAsync(log, filter, size, after));
        }

        return pages;
    }
}
