using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Events;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Deliveries.Log;

public sealed class DroppedDeliveriesOnAzuriteTests() : DroppedDeliveriesTests(new AzuriteStores());

public sealed class DroppedDeliveriesOnLocalStoresTests() : DroppedDeliveriesTests(new LocalStores());

public abstract class DroppedDeliveriesTests(ITableStores stores) : IAsyncLifetime
{
    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly OrganizationId _organization = Given.Organization();
    private TableServiceClient _tables = null!;

    public async Task InitializeAsync() => _tables = await stores.ConnectAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task One_entry_counts_what_all_instances_drop_now_and_after_a_restart()
    {
        var subscription = SubscriptionId.New(_clock);
        var first = _clock.GetUtcNow();
        var (one, other) = (NewInstance(), NewInstance());
        await Task.WhenAll(Enumerable.Range(0, 20).SelectMany(_ => new[] { DropAsync(one, subscription), DropAsync(other, subscription) }));
        _clock.Advance(TimeSpan.FromHours(1));

        await DropAsync(NewInstance(), subscription);

        var entry = Assert.Single(await EntriesAsync());
        Assert.Equal((first, subscription.ToString(), 41), (entry.Timestamp, entry.SubscriptionId, Count(entry)));
        Assert.Equal("41 deliveries were dropped, since the subscription was deleted.", entry.Error?.Detail);
    }

    [Fact]
    public async Task Each_subscription_has_its_own_entry()
    {
        var instance = NewInstance();
        await DropAsync(instance, SubscriptionId.New(_clock));
        await DropAsync(instance, SubscriptionId.New(_clock));

        Assert.Equal([1, 1], (await EntriesAsync()).Select(Count));
    }

    [Theory]
    [InlineData("auditlog")]
    [InlineData("subscriptions")]
    public async Task Delivery_is_counted_once_when_it_is_redelivered_after_a_failure(string unavailable)
    {
        var flaky = new FlakyTables(_tables)
        {
            Failure = (table, _) => table == unavailable ? new Azure.RequestFailedException(503, "Busy.") : null,
        };
        var instance = NewInstance(flaky);
        var subscription = SubscriptionId.New(_clock);
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => DropAsync(instance, subscription));
        flaky.Failure = (_, _) => null;

        await DropAsync(instance, subscription);

        Assert.Equal(1, Count(Assert.Single(await EntriesAsync())));
    }

    private static int Count(AuditEntryResponse entry) => entry.Changes!.Value.GetProperty("dropped").GetProperty("to").GetInt32();

    // Away from the test's context, so that they come at once.
    private Task DropAsync(DroppedDeliveries instance, SubscriptionId subscription) =>
        Task.Run(() =>
            instance.CountAsync(
                new DeliveryMessage
                {
                    OrganizationId = _organization,
                    SubscriptionId = subscription,
                    EventId = Given.EventId("evt_1"),
                    EventName = EventName.Parse("CaseCreatedEvent"),
                },
                default
            )
        );

    private DroppedDeliveries NewInstance(TableServiceClient? tables = null) =>
        new(tables ?? _tables, new AuditLog(tables ?? _tables, _clock), _clock);

    private async Task<IReadOnlyList<AuditEntryResponse>> EntriesAsync()
    {
        var filter = new AuditFilter(new TimeRange(null, null), AuditType.DeliveryDropped, null);
        return (await new AuditLog(_tables, _clock).ListAsync(_organization, filter, new PageRequest("test", 100, null), default)).Items;
    }
}
