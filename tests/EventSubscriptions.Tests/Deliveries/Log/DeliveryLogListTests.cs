using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Deliveries.Log;

public sealed class DeliveryLogListOnAzuriteTests() : DeliveryLogListTests(new AzuriteStores());

public sealed class DeliveryLogListOnEmbeddedTests() : DeliveryLogListTests(new LocalStores());

public abstract class DeliveryLogListTests(ITableStores stores) : DeliveryLogTestBase(stores)
{
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
    public async Task List_has_the_attempts_of_the_time_range()
    {
        var log = await LogAsync();
        await AddAsync(log, 10);

        var items = await ItemsAsync(log, s_all with { Times = new TimeRange(s_start.AddSeconds(3), s_start.AddSeconds(6)) }, 2);

        Assert.Equal([Attempt(5), Attempt(4), Attempt(3)], items);
    }

    [Fact]
    public async Task List_has_the_attempts_that_match_the_filters()
    {
        var log = await LogAsync();
        await AddAsync(log, 10);

        Assert.Equal([8, 6, 4, 2, 0], (await ItemsAsync(log, s_all with { Outcome = DeliveryOutcome.Delivered }, 2)).Select(Second));
        Assert.Equal([3], (await ItemsAsync(log, s_all with { EventId = "evt_3" }, 2)).Select(Second));
        Assert.Equal([3], (await ItemsAsync(log, s_all with { EventId = "evt_3", Outcome = DeliveryOutcome.Failed }, 2)).Select(Second));
        Assert.Empty(await ItemsAsync(log, s_all with { EventId = "evt_3", Outcome = DeliveryOutcome.Delivered }, 2));
    }

    [Fact]
    public async Task List_is_ordered_by_the_end_of_attempts()
    {
        var log = await LogAsync();
        await AddAsync(log, 5);
        var slow = Attempt(1) with { EventId = "evt_slow", EndedAt = s_start.AddSeconds(16) };
        await AppendAsync(log, slow);

        Assert.Equal(slow, (await PageAsync(log, s_all, 1, null)).Items[0]);
        Assert.Equal([slow], await ItemsAsync(log, s_all with { Times = new TimeRange(s_start.AddSeconds(5), null) }, 10));
    }

    [Fact]
    public async Task Page_reads_a_limited_number_of_rows_when_none_matches_the_filter()
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
    public async Task List_has_no_attempts_of_other_subscriptions()
    {
        var log = await LogAsync();
        await AddAsync(log, 1);

        Assert.Empty(
            (await log.ListAsync(SubscriptionId.New(TimeProvider.System), s_all, new PageRequest("test", 10, null), default)).Items
        );
    }

    private static int Second(DeliveryAttempt attempt) => (int)(attempt.At - s_start).TotalSeconds;

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
