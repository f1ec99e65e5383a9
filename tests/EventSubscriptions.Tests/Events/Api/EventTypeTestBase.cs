using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Events.Api;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Events.Api;

public abstract class EventTypeTestBase(ITableStores stores) : IAsyncLifetime
{
    private protected const string Definition = """
        {
          "category": "Sensors",
          "description": "A sensor has reported a value.",
          "parameters": [
            { "name": "sensor", "type": "string", "description": "Which one." },
            { "name": "value", "type": "number|string" },
            { "name": "tags", "type": "string[]", "required": false }
          ],
          "example": { "sensor": "s-1", "value": 20.5 }
        }
        """;

    private protected static readonly EventCatalogue s_builtIn = EventCatalogue.Load();
    private protected static int s_lastName;

    private protected readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));

    // Event types belong to all organizations, and the tests share their table.
    private protected readonly string _name = $"Test{Interlocked.Increment(ref s_lastName)}.{Guid.NewGuid():N}";
    private protected TableServiceClient _tables = null!;
    private protected SubscriptionStore _subscriptions = null!;
    private protected EventTypes _types = null!;
    private protected EventTypeFunctions _functions = null!;

    public async Task InitializeAsync()
    {
        _tables = await stores.ConnectAsync();
        _subscriptions = Given.SubscriptionStore(_tables, _clock);
        _types = NewInstance();
        _functions = new EventTypeFunctions(
            _types,
            new EventTypeStore(_tables, NullLogger<EventTypeStore>.Instance),
            s_builtIn,
            _subscriptions,
            new AuditLog(_tables, _clock),
            _clock
        );
    }

    public Task DisposeAsync() => Task.CompletedTask;

    private protected EventTypes NewInstance() =>
        new(s_builtIn, new EventTypeStore(_tables, NullLogger<EventTypeStore>.Instance), _clock, NullLogger<EventTypes>.Instance);

    private protected Task<Reply> ListAsync() => _functions.ListEventTypes(Requests.Get(), Context(), default).Reply();

    private protected Task<Reply> GetAsync(string name) => _functions.GetEventType(Requests.Get(), name, Context(), default).Reply();

    private protected Task<Reply> PutAsync(string name, string body, params string[] ifMatch) =>
        _functions.PutEventType(Requests.Post(body).IfMatch(ifMatch), name, Context(), default).Reply();

    private protected Task<Reply> DeleteAsync(string name, params string[] ifMatch) =>
        _functions.DeleteEventType(Requests.Get().IfMatch(ifMatch), name, Context(), default).Reply();

    private protected static TestFunctionContext Context() => new(new Caller(Given.Actor("ops"), Role.Admin, null), default);

    private protected async Task<IEnumerable<string?>> AuditAsync() =>
        (
            await new AuditLog(_tables, _clock).ListAsync(
                organization: null,
                new AuditFilter(new TimeRange(null, null), null, null),
                new PageRequest("test", 1000, null),
                default
            )
        )
            .Items.Where(entry => entry.EventName == _name)
            .Select(entry => entry.Type)
            .Reverse();
}
