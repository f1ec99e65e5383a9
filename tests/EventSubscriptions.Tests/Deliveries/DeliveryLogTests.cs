using EventSubscriptions.Deliveries;
using EventSubscriptions.Http;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Deliveries;

public sealed class DeliveryLogOnEmbeddedStoreTests() : DeliveryLogTests(new EmbeddedStores());

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
            DurationMs = 5_000_000_000,
            Error = new DeliveryError(ErrorKind.Status, "The receiver answered 503 Service Unavailable."),
            ResponseSnippet = "<p>Grüße 😀\n",
            NextAttemptAt = s_start.AddHours(1),
        };

        await log.AppendAsync(_subscription, attempt, default);
        await log.AppendAsync(_subscription, Attempt(0), default);

        Assert.Equal([attempt, Attempt(0)], (await PageAsync(log, s_all, 100, null)).Items);
    }

    [Fact]
    public async Task Attempt_that_is_added_twice_is_there_once()
    {
        var log = await LogAsync();

        await log.AppendAsync(_subscription, Attempt(0), default);
        await log.AppendAsync(_subscription, Attempt(0), default);

        Assert.Single((await PageAsync(log, s_all, 100, null)).Items);
    }

    [Fact]
    public async Task Attempts_of_one_moment_are_kept_apart()
    {
        var log = await LogAsync();
        DeliveryAttempt[] attempts =
        [
            Attempt(0), Attempt(0) with { EventId = "evt_other" }, Attempt(0) with { Run = "run_1" }, Attempt(0) with { Attempt = 2 },
        ];

        await Task.WhenAll(attempts.Select(attempt => log.AppendAsync(_subscription, attempt, default)));

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

        Assert.Equal([8, 6, 4, 2, 0], (await ItemsAsync(log, s_all with { Outcome = "delivered" }, 2)).Select(Second));
        Assert.Equal([3], (await ItemsAsync(log, s_all with { EventId = "evt_3" }, 2)).Select(Second));
        Assert.Empty(await ItemsAsync(log, s_all with { EventId = "evt_3", Outcome = "delivered" }, 2));
    }

    [Fact]
    public async Task Page_looks_at_a_bounded_number_of_rows_when_the_filter_accepts_none()
    {
        var log = await LogAsync();
        await AddAsync(log, 1_050);

        var first = await PageAsync(log, s_all with { EventId = "evt_0" }, 100, null);
        var items = await ItemsAsync(log, s_all with { EventId = "evt_0" }, 100);

        Assert.Empty(first.Items);
        Assert.NotNull(first.ContinuationToken);
        Assert.Equal([0], items.Select(Second));
    }

    [Fact]
    public async Task Log_of_another_subscription_is_another()
    {
        var log = await LogAsync();
        await AddAsync(log, 1);

        Assert.Empty((await log.ListAsync(SubscriptionId.New(TimeProvider.System), s_all, new PageRequest("test", 10, null), default)).Items);
    }

    [Fact]
    public async Task Attempts_of_an_event_are_found_among_others()
    {
        var log = await LogAsync();
        await AddAsync(log, 20);
        var second = Attempt(30) with { EventId = "evt_7", Attempt = 2 };
        await log.AppendAsync(_subscription, second, default);

        Assert.Equal([second, Attempt(7)], await log.AttemptsOfAsync(_subscription, Given.EventId("evt_7"), since: null, default));
        Assert.Equal([second, Attempt(7)], await log.AttemptsOfAsync(_subscription, Given.EventId("evt_7"), s_start.AddSeconds(7), default));
        Assert.Equal([second], await log.AttemptsOfAsync(_subscription, Given.EventId("evt_7"), s_start.AddSeconds(8), default));
        Assert.Empty(await log.AttemptsOfAsync(_subscription, Given.EventId("evt_99"), since: null, default));
    }

    private static DeliveryAttempt Attempt(int second) => new()
    {
        EventId = $"evt_{second}",
        EventName = "CaseCreatedEvent",
        Attempt = 1,
        Run = DeliveryMessage.EventRun,
        At = s_start.AddSeconds(second),
        Outcome = second % 2 == 0 ? DeliveryOutcome.Delivered : DeliveryOutcome.Failed,
        DurationMs = 12,
    };

    private static int Second(DeliveryAttempt attempt) => (int)(attempt.At - s_start).TotalSeconds;

    private async Task<DeliveryLog> LogAsync() => new(await stores.ConnectAsync());

    private Task AddAsync(DeliveryLog log, int count) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(second => log.AppendAsync(_subscription, Attempt(second), default)));

    private Task<Page<DeliveryAttempt>> PageAsync(DeliveryLog log, DeliveryFilter filter, int size, string? after) =>
        log.ListAsync(_subscription, filter, new PageRequest("test", size, after), default);

    private async Task<List<DeliveryAttempt>> ItemsAsync(DeliveryLog log, DeliveryFilter filter, int size) =>
        [.. (await PagesAsync(log, filter, size)).SelectMany(page => page.Items)];

    private async Task<List<Page<DeliveryAttempt>>> PagesAsync(DeliveryLog log, DeliveryFilter filter, int size)
    {
        List<Page<DeliveryAttempt>> pages = [await PageAsync(log, filter, size, null)];
        while (pages[^1].ContinuationToken is { } token)
        {
            Assert.True(ContinuationToken.TryDecode(token, "test", out var after));
            pages.Add(await PageAsync(log, filter, size, after));
        }

        return pages;
    }
}
