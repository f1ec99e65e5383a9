using System.Text;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Api;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Events.Api;

public abstract class EventFunctionsTestBase(ITableStores stores) : IAsyncLifetime
{
    private protected const string Payload = """{"eventName":"CaseClosedEvent","organizationId":1,"data":{"id":"1"}}""";

    private protected readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private protected readonly OrganizationId _organization = Given.Organization();
    private protected TableServiceClient _tables = null!;
    private protected EventArchive _archive = null!;
    private protected SubscriptionStore _subscriptions = null!;
    private protected EventFunctions _functions = null!;

    public async Task InitializeAsync()
    {
        _tables = await stores.ConnectAsync();
        _archive = new EventArchive(_tables, Given.Protector);
        _subscriptions = Given.SubscriptionStore(_tables, _clock);
        _functions = new EventFunctions(_archive, _subscriptions, new DeliveryLog(_tables), new AuditLog(_tables, _clock), _clock);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    private protected async Task<ArchiveResult> ArchiveAsync(
        string id,
        string name = "CaseClosedEvent",
        EventSource source = EventSource.Http,
        string payload = Payload
    )
    {
        var result = await _archive.AddAsync(
            _organization,
            Given.EventId(id),
            EventName.Parse(name),
            source,
            Encoding.UTF8.GetBytes(payload),
            _clock.GetUtcNow(),
            default
        );
        _clock.Advance(TimeSpan.FromSeconds(result == ArchiveResult.Added ? 1 : 0));
        return result;
    }

    private protected async Task<SubscriptionId> SubscribeAsync(string name)
    {
        var subscription = Given.Subscription(_organization, _clock) with { Name = name, Id = SubscriptionId.New(_clock) };
        await _subscriptions.AddAsync(subscription, Given.Entry(subscription), default);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        return subscription.Id;
    }

    private protected static DeliveryAttempt Attempt(int number, DeliveryOutcome outcome, DateTimeOffset? next = null) =>
        new()
        {
            EventId = "a",
            EventName = "CaseClosedEvent",
            Attempt = number,
            Run = "event",
            At = new DateTimeOffset(2026, 1, 31, 10, 0, 10, TimeSpan.Zero),
            EndedAt = new DateTimeOffset(2026, 1, 31, 10, 0, 10 + number, TimeSpan.Zero),
            Outcome = outcome,
            NextAttemptAt = next,
        };

    private protected DeliveryMessage Delivery(SubscriptionId subscription) =>
        new()
        {
            OrganizationId = _organization,
            SubscriptionId = subscription,
            EventId = Given.EventId("a"),
            EventName = EventName.Parse("CaseClosedEvent"),
            Run = DeliveryRun.Event,
        };

    private protected Task<Reply> ListAsync(string query) =>
        _functions.ListEvents(Requests.Get(query), Context(Role.Read), default).Reply();

    private protected Task<Reply> GetAsync(string id, Role role) => _functions.GetEvent(Requests.Get(), id, Context(role), default).Reply();

    private protected Task<Reply> RemoveAsync(string id) =>
        _functions.RemovePayload(Requests.Get(), id, Context(Role.Manage), default).Reply();

    private protected TestFunctionContext Context(Role role) => new(new Caller(Given.Actor("ops"), role, null), _organization);

    private protected async Task<IReadOnlyList<AuditEntryResponse>> AuditAsync() =>
        (
            await new AuditLog(_tables, _clock).ListAsync(
                _organization,
                new AuditFilter(new TimeRange(null, null), null, null),
                new PageRequest("test", 100, null),
                default
            )
        ).Items;

    private protected static IEnumerable<string?> Ids(Reply reply) =>
        reply.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString());
}
