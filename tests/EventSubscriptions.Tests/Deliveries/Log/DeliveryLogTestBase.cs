using Azure.Data.Tables;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Deliveries.Log;

public abstract class DeliveryLogTestBase(ITableStores stores)
{
    private protected static readonly DateTimeOffset s_start = new(2026, 1, 31, 10, 0, 0, TimeSpan.Zero);
    private protected static readonly DeliveryFilter s_all = new(new TimeRange(null, null), null, null);

    private protected readonly SubscriptionId _subscription = SubscriptionId.New(TimeProvider.System);

    private protected static DeliveryAttempt Attempt(int second) =>
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

    private protected Task<TableServiceClient> ConnectAsync() => stores.ConnectAsync();

    private protected async Task<DeliveryLog> LogAsync() => new(await ConnectAsync());

    private protected Task AppendAsync(DeliveryLog log, DeliveryAttempt attempt, bool hasWaited = false) =>
        log.AppendAsync(_subscription, attempt, hasWaited, default);

    private protected Task AddAsync(DeliveryLog log, int count) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(second => AppendAsync(log, Attempt(second))));

    private protected Task<ListPage<DeliveryAttempt>> PageAsync(DeliveryLog log, DeliveryFilter filter, int size, string? after) =>
        log.ListAsync(_subscription, filter, new PageRequest("test", size, after), default);
}
