using System.Text.Json;
using Azure.Data.Tables;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Overview;
using EventSubscriptions.Deliveries.Statistics;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Deliveries.Overview;

public sealed class OrganizationFunctionsOnAzuriteTests() : OrganizationFunctionsTests(new AzuriteStores());

public sealed class OrganizationFunctionsOnLocalStoresTests() : OrganizationFunctionsTests(new LocalStores());

public abstract class OrganizationFunctionsTests(ITableStores stores) : IAsyncLifetime
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 31, 10, 30, 0, TimeSpan.Zero);

    private readonly TestClock _clock = new(s_now);
    private readonly List<OrganizationId> _own = [];
    private TableServiceClient _tables = null!;
    private SubscriptionStore _store = null!;
    private OrganizationFunctions _functions = null!;

    public async Task InitializeAsync()
    {
        _tables = await stores.ConnectAsync();
        _store = Given.SubscriptionStore(_tables, _clock);
        _functions = new OrganizationFunctions(new OrganizationList(_tables, _clock), new StatisticsStore(_tables), _clock);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Organizations_are_listed_failing_first_with_counts()
    {
        var healthy = NewOrganization();
        await SubscribeAsync(healthy);
        await SubscribeAsync(healthy, isActive: false);
        var failing = NewOrganization();
        await SubscribeAsync(failing, failingSince: s_now.AddHours(-1));
        await SubscribeAsync(failing, failingSince: s_now.AddHours(-3));
        await SubscribeAsync(failing, failingSince: s_now.AddDays(-3), isActive: false);
        await SubscribeAsync(failing);
        var failingForLonger = NewOrganization();
        await SubscribeAsync(failingForLonger, failingSince: s_now.AddHours(-4));

        Assert.Equal(
            [
                $$$"""{"id":{{{failingForLonger}}},"subscriptions":{"active":1,"failing":1,"deactivated":0},"failingSince":"2026-01-31T06:30:00Z","delivered":0,"failed":0}""",
                $$$"""{"id":{{{failing}}},"subscriptions":{"active":3,"failing":2,"deactivated":1},"failingSince":"2026-01-31T07:30:00Z","delivered":0,"failed":0}""",
                $$$"""{"id":{{{healthy}}},"subscriptions":{"active":1,"failing":0,"deactivated":1},"delivered":0,"failed":0}""",
            ],
            (await ListAsync()).Select(item => item.GetRawText())
        );
    }

    [Fact]
    public async Task Attempts_of_the_last_24_hours_are_counted()
    {
        var organization = NewOrganization();
        var subscription = await SubscribeAsync(organization);
        using var statistics = new DeliveryStatistics(new StatisticsStore(_tables), _clock, NullLogger<DeliveryStatistics>.Instance);
        foreach (var outcome in Enum.GetValues<DeliveryOutcome>())
        {
            statistics.Count(organization, subscription, outcome, TimeSpan.Zero);
        }

        await statistics.FlushAsync(default);
        var item = Assert.Single(await ListAsync());
        Assert.Equal((1, 3), (item.GetProperty("delivered").GetInt32(), item.GetProperty("failed").GetInt32()));

        _clock.Advance(TimeSpan.FromHours(24));
        Assert.Equal(0, Assert.Single(await ListAsync()).GetProperty("delivered").GetInt32());
    }

    [Fact]
    public async Task List_is_counted_once_a_minute()
    {
        var organization = NewOrganization();
        await SubscribeAsync(organization);
        await ListAsync();
        await SubscribeAsync(organization);
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(1, Active(Assert.Single(await ListAsync())));

        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(2, Active(Assert.Single(await ListAsync())));
    }

    [Fact]
    public async Task Key_of_one_organization_sees_that_one()
    {
        var organization = NewOrganization();
        await SubscribeAsync(organization);
        await SubscribeAsync(NewOrganization());

        var reply = await GetAsync("", organization);

        Assert.Equal(organization.Value, Assert.Single(reply.Json.GetProperty("items").EnumerateArray()).GetProperty("id").GetInt32());
        Assert.Equal("2026-01-31T10:30:00Z", reply.Json.GetProperty("asOf").GetString());
    }

    private OrganizationId NewOrganization()
    {
        var organization = Given.Organization();
        _own.Add(organization);
        return organization;
    }

    private async Task<SubscriptionId> SubscribeAsync(
        OrganizationId organization,
        DateTimeOffset? failingSince = null,
        bool isActive = true
    )
    {
        var subscription = Given.Subscription(organization, _clock) with { IsActive = isActive };
        await _store.AddAsync(subscription, Given.Entry(subscription), default);
        if (failingSince is { } since)
        {
            await new SubscriptionHealthStore(_tables).TryWriteAsync(
                organization,
                subscription.Id,
                SubscriptionHealth.Healthy.Failed(since),
                default
            );
        }

        return subscription.Id;
    }

    /// <summary>This test's own organizations, of all pages.</summary>
    private async Task<IReadOnlyList<JsonElement>> ListAsync()
    {
        List<JsonElement> items = [];
        for (var query = "?pageSize=2"; ; )
        {
            var reply = await GetAsync(query);
            Assert.Equal(200, reply.Status);
            items.AddRange(reply.Json.GetProperty("items").EnumerateArray());
            if (reply.Json.GetProperty("continuationToken").GetString() is not { } token)
            {
                return [.. items.Where(item => _own.Any(id => id.Value == item.GetProperty("id").GetInt32()))];
            }

            query = $"?pageSize=1000&continuationToken={token}";
        }
    }

    private Task<Reply> GetAsync(string query, OrganizationId? bound = null) =>
        _functions
            .ListOrganizations(
                Requests.Get(query),
                new TestFunctionContext(new Caller(Given.Actor("ops"), Role.Admin, bound), default),
                default
            )
            .Reply();

    private static int Active(JsonElement item) => item.GetProperty("subscriptions").GetProperty("active").GetInt32();
}
