using Azure;
using Azure.Data.Tables;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Statistics;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Deliveries.Statistics;

public sealed class StatisticsOnAzuriteTests() : StatisticsTests(new AzuriteStores());

public sealed class StatisticsOnLocalStoresTests() : StatisticsTests(new LocalStores());

public abstract class StatisticsTests(ITableStores stores) : IAsyncLifetime
{
    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 30, 0, TimeSpan.Zero));
    private readonly OrganizationId _organization = Given.Organization();
    private readonly SubscriptionId _subscription = SubscriptionId.New(new TestClock());
    private TableServiceClient _tables = null!;
    private FlakyTables _flaky = null!;
    private DeliveryStatistics _statistics = null!;
    private StatisticsFunctions _functions = null!;

    public async Task InitializeAsync()
    {
        _tables = await stores.ConnectAsync();
        _flaky = new FlakyTables(_tables);
        _statistics = NewInstance();
        _functions = new StatisticsFunctions(new StatisticsStore(_tables), _clock);
    }

    public Task DisposeAsync()
    {
        _statistics.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Attempts_are_counted_by_hour_and_outcome()
    {
        Count(DeliveryOutcome.Delivered, 30);
        Count(DeliveryOutcome.Failed, 40);
        Count(DeliveryOutcome.Skipped, null);
        _clock.Advance(TimeSpan.FromHours(1));
        Count(DeliveryOutcome.Delivered, 30);
        await _statistics.FlushAsync(default);

        var reply = await GetAsync("?from=2026-01-31T10:59:00Z");

        Assert.Equal(200, reply.Status);
        Assert.Equal(
            """{"from":"2026-01-31T10:00:00Z","to":"2026-01-31T12:00:00Z","interval":"hour","total":{"attempts":4,"outcomes":{"delivered":2,"failed":1,"throttled":0,"gone":0,"skipped":1},"latencyP50Ms":37.5,"latencyP95Ms":48.8},"items":[{"from":"2026-01-31T10:00:00Z","attempts":3,"outcomes":{"delivered":1,"failed":1,"throttled":0,"gone":0,"skipped":1},"latencyP50Ms":37.5,"latencyP95Ms":48.8},{"from":"2026-01-31T11:00:00Z","attempts":1,"outcomes":{"delivered":1,"failed":0,"throttled":0,"gone":0,"skipped":0},"latencyP50Ms":37.5,"latencyP95Ms":48.8}]}""",
            reply.Body
        );
    }

    [Fact]
    public async Task Organization_has_the_counts_of_all_its_subscriptions_and_no_others()
    {
        Count(DeliveryOutcome.Delivered, 30);
        Count(DeliveryOutcome.Delivered, 30, SubscriptionId.New(_clock));
        _statistics.Count(Given.Organization(), _subscription, DeliveryOutcome.Delivered, TimeSpan.Zero);
        await _statistics.FlushAsync(default);

        Assert.Equal(2, Total(await GetAsync("")));
        Assert.Equal(1, Total(await GetAsync($"?subscriptionId={_subscription}")));
        Assert.Equal(0, Total(await GetAsync($"?subscriptionId={SubscriptionId.New(_clock)}")));
    }

    [Fact]
    public async Task Instances_add_up()
    {
        using var other = NewInstance();
        Count(DeliveryOutcome.Delivered, 30);
        other.Count(_organization, _subscription, DeliveryOutcome.Failed, TimeSpan.FromSeconds(1));
        await _statistics.FlushAsync(default);
        await other.FlushAsync(default);

        Assert.Equal(2, Total(await GetAsync("")));
    }

    [Theory]
    [InlineData("?from=2026-01-31T10:30:00Z", 0)]
    [InlineData("?from=2026-01-31T10:29:59Z", 1)]
    [InlineData("?from=9999-12-31T23:00:00Z&to=9999-12-31T23:59:59Z", 0)]
    public async Task Future_has_no_attempts(string query, int attempts)
    {
        Count(DeliveryOutcome.Delivered, 30);
        await _statistics.FlushAsync(default);

        Assert.Equal(attempts, Total(await GetAsync(query)));
    }

    [Fact]
    public async Task Closed_hours_are_merged_without_changing_counts()
    {
        var instances = Enumerable.Range(0, 120).Select(_ => NewInstance()).ToList();
        foreach (var instance in instances)
        {
            instance.Count(_organization, _subscription, DeliveryOutcome.Delivered, TimeSpan.FromMilliseconds(30));
            await instance.FlushAsync(default);
            instance.Dispose();
        }

        Count(DeliveryOutcome.Failed, 1);
        _clock.Advance(TimeSpan.FromHours(1));
        Count(DeliveryOutcome.Delivered, 30);
        await _statistics.FlushAsync(default);
        Assert.Equal(2 * 122, await RowsAsync());
        var before = await GetAsync("");

        // Rows have the time of the store, not that of the test.
        await MergeAsync(TimeSpan.FromHours(23));
        Assert.Equal(2 * 122, await RowsAsync());
        await MergeAsync(TimeSpan.FromHours(25));
        await MergeAsync(TimeSpan.FromHours(50));

        Assert.Equal(4, await RowsAsync());
        Assert.Equal(before.Body, (await GetAsync("")).Body);
        Assert.Equal(122, Total(before));

        Task MergeAsync(TimeSpan later) =>
            new StatisticsMerge(_tables, new TestClock(DateTimeOffset.UtcNow + later), NullLogger<StatisticsMerge>.Instance).RunAsync(
                default
            );
    }

    [Fact]
    public async Task Counts_are_lost_when_they_could_not_be_written_for_12_hours()
    {
        Count(DeliveryOutcome.Delivered, 30);
        _flaky.Failure = (_, _) => new RequestFailedException(503, "busy");
        _clock.Advance(TimeSpan.FromHours(11));
        await _statistics.FlushAsync(default);
        _clock.Advance(TimeSpan.FromHours(1));
        await _statistics.FlushAsync(default);

        _flaky.Failure = (_, _) => null;
        await _statistics.FlushAsync(default);

        Assert.Equal(0, Total(await GetAsync("")));
    }

    [Fact]
    public async Task Counts_are_written_every_10_seconds()
    {
        await _statistics.StartAsync(default);
        Count(DeliveryOutcome.Delivered, 30);
        await Eventually.Until(() => _clock.PendingTimers > 0, () => "the timer");

        _clock.Advance(DeliveryStatistics.Interval);

        await Eventually.Get(() => GetAsync(""), reply => Total(reply) == 1, reply => reply.Body);
        await _statistics.StopAsync(default);
    }

    [Fact]
    public async Task Counts_are_written_when_the_app_stops()
    {
        await _statistics.StartAsync(default);
        Count(DeliveryOutcome.Delivered, 30);

        await _statistics.StopAsync(default);

        Assert.Equal(1, Total(await GetAsync("")));
    }

    [Fact]
    public async Task Counts_that_could_not_be_written_are_written_once_the_next_time()
    {
        Count(DeliveryOutcome.Delivered, 30);
        _flaky.Failure = (_, _) => new RequestFailedException(503, "busy");
        await _statistics.FlushAsync(default);
        Assert.Equal(0, Total(await GetAsync("")));

        _flaky.Failure = (_, _) => null;
        Count(DeliveryOutcome.Delivered, 30);
        await _statistics.FlushAsync(default);
        await _statistics.FlushAsync(default);

        Assert.Equal(2, Total(await GetAsync("")));
    }

    [Fact]
    public async Task Many_subscriptions_are_written_in_several_transactions()
    {
        for (var i = 0; i < 250; i++)
        {
            Count(DeliveryOutcome.Delivered, 30, SubscriptionId.New(_clock));
        }

        await _statistics.FlushAsync(default);

        Assert.Equal(250, Total(await GetAsync("")));
    }

    [Fact]
    public async Task Days_have_the_counts_of_their_hours()
    {
        Count(DeliveryOutcome.Delivered, 30);
        _clock.Advance(TimeSpan.FromHours(20));
        Count(DeliveryOutcome.Delivered, 30);
        Count(DeliveryOutcome.Delivered, 30);
        await _statistics.FlushAsync(default);

        var reply = await GetAsync("?interval=day&from=2026-01-30T00:00:00Z");

        Assert.Equal(
            [("2026-01-30T00:00:00Z", 0), ("2026-01-31T00:00:00Z", 1), ("2026-02-01T00:00:00Z", 2)],
            reply
                .Json.GetProperty("items")
                .EnumerateArray()
                .Select(item => (item.GetProperty("from").GetString()!, item.GetProperty("attempts").GetInt32()))
        );
    }

    [Theory]
    [InlineData("?from=2025-12-31T11:00:00Z", null)]
    [InlineData("?from=2025-12-31T09:00:00Z", "from")]
    [InlineData("?from=0001-01-01T00:00:00Z", "from")]
    [InlineData("?from=2026-01-31T10:30:00Z", null)]
    [InlineData("?from=9999-01-31T10:30:00Z", null)]
    [InlineData("?to=0001-01-01T00:00:00Z", null)]
    [InlineData("?to=9999-12-31T23:59:59Z", null)]
    [InlineData("?from=2025-01-01T00:00:00Z&interval=day", null)]
    [InlineData("?from=2024-12-25T00:00:00Z&interval=day", "from")]
    [InlineData("?interval=week", "interval")]
    [InlineData("?subscriptionId=x", "subscriptionId")]
    public async Task Parameters_are_validated(string query, string? field)
    {
        var reply = await GetAsync(query);

        Assert.Equal(field is null ? 200 : 400, reply.Status);
        Assert.Equal(field, reply.Status == 200 ? null : Assert.Single(reply.Errors.Keys));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(1.5, 2)]
    [InlineData(99, 100)]
    [InlineData(60_000, 60_000)]
    [InlineData(90_000, 60_000)]
    public void Percentile_is_within_the_bucket(double milliseconds, double most)
    {
        var counts = new AttemptCounts();
        counts.Add(DeliveryOutcome.Delivered, TimeSpan.FromMilliseconds(milliseconds));

        Assert.Equal(most, counts.Percentile(1));
        Assert.Null(new AttemptCounts().Percentile(1));
    }

    private async Task<int> RowsAsync()
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {_organization.ToString()}");
        return await _tables.GetTableClient(TableNames.Statistics).QueryAsync<TableEntity>(filter).CountAsync();
    }

    private DeliveryStatistics NewInstance() => new(new StatisticsStore(_flaky), _clock, NullLogger<DeliveryStatistics>.Instance);

    private void Count(DeliveryOutcome outcome, int? milliseconds, SubscriptionId? subscription = null) =>
        _statistics.Count(
            _organization,
            subscription ?? _subscription,
            outcome,
            milliseconds is { } number ? TimeSpan.FromMilliseconds(number) : null
        );

    private Task<Reply> GetAsync(string query) =>
        _functions
            .GetStatistics(
                Requests.Get(query),
                new TestFunctionContext(new Caller(Given.Actor("ops"), Role.Read, null), _organization),
                default
            )
            .Reply();

    private static int Total(Reply reply) => reply.Json.GetProperty("total").GetProperty("attempts").GetInt32();
}
