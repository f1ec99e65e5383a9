using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Events.Api;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Events.Api;

public sealed class EventTypeFunctionsOnAzuriteTests() : EventTypeFunctionsTests(new AzuriteStores());

public sealed class EventTypeFunctionsOnLocalStoresTests() : EventTypeFunctionsTests(new LocalStores());

public abstract class EventTypeFunctionsTests(ITableStores stores) : IAsyncLifetime
{
    private const string Definition = """
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

    private static readonly EventCatalogue s_builtIn = EventCatalogue.Load();
    private static int s_lastName;

    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));

    // Event types belong to all organizations, and the tests share their table.
    private readonly string _name = $"Test{Interlocked.Increment(ref s_lastName)}.{Guid.NewGuid():N}";
    private TableServiceClient _tables = null!;
    private SubscriptionStore _subscriptions = null!;
    private EventTypes _types = null!;
    private EventTypeFunctions _functions = null!;

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

    [Fact]
    public async Task List_has_every_event_type_in_one_page()
    {
        await PutAsync(_name, Definition);

        var reply = await ListAsync();

        Assert.Equal(200, reply.Status);
        Assert.Equal("application/json; charset=utf-8", reply.Headers.ContentType);
        var names = reply.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("name").GetString()!).ToList();
        Assert.Subset(names.ToHashSet(StringComparer.Ordinal), s_builtIn.All.Select(type => type.Name.ToString()).ToHashSet());
        Assert.Contains(_name, names);
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Equal("null", reply.Json.GetProperty("continuationToken").GetRawText());
    }

    [Fact]
    public async Task Event_type_is_shown_as_in_the_list_with_a_tag_of_its_own()
    {
        var list = await ListAsync();
        var one = await GetAsync("CaseClosedEvent");
        var other = await GetAsync("CaseCreatedEvent");

        Assert.Contains(one.Body, list.Body, StringComparison.Ordinal);
        Assert.Matches("^\"[^\"]+\"$", one.Headers.ETag.ToString());
        Assert.NotEqual(one.Headers.ETag, other.Headers.ETag);
    }

    [Theory]
    [InlineData("caseclosedevent", "Event type not found. Did you mean 'CaseClosedEvent'?")]
    [InlineData("x", "Event type not found.")]
    public async Task Unknown_name_is_not_found_and_the_nearest_one_named(string name, string detail)
    {
        var reply = await GetAsync(name);

        Assert.Equal(404, reply.Status);
        Assert.Equal(detail, reply.Json.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Parameters_are_unknown()
    {
        Assert.Equal(["pageSize"], (await _functions.ListEventTypes(Requests.Get("?pageSize=1"), Context(), default).Reply()).Errors.Keys);
        Assert.Equal(
            ["x"],
            (await _functions.GetEventType(Requests.Get("?x=1"), "CaseClosedEvent", Context(), default).Reply()).Errors.Keys
        );
    }

    [Fact]
    public async Task Custom_event_type_is_shown_like_a_built_in_one()
    {
        var created = await PutAsync(_name, Definition);

        Assert.Equal((201, $"/api/event-types/{_name}"), (created.Status, created.Headers.Location.ToString()));
        var shown = await GetAsync(_name);
        Assert.Equal(created.Body, shown.Body);
        Assert.Equal(created.Headers.ETag, shown.Headers.ETag);
        var json = JsonNode.Parse(shown.Body)!;
        Assert.Equal(
            (_name, "custom", "Sensors", "A sensor has reported a value."),
            ((string)json["name"]!, (string)json["source"]!, (string)json["category"]!, (string)json["description"]!)
        );
        Assert.Equal(
            """[{"name":"sensor","type":"string","required":true,"description":"Which one."},{"name":"value","type":"number|string","required":true,"description":""},{"name":"tags","type":"string[]","required":false,"description":""}]""",
            json["parameters"]!.ToJsonString()
        );
        Assert.Equal(
            $$$"""{"eventName":"{{{_name}}}","organizationId":1,"data":{"sensor":"s-1","value":20.5}}""",
            json["example"]!.ToJsonString()
        );
        Assert.Equal("""["sensor","value"]""", json["schema"]!["properties"]!["data"]!["required"]!.ToJsonString());
    }

    [Fact]
    public async Task Custom_event_type_can_be_replaced_and_deleted()
    {
        await PutAsync(_name, Definition);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var replaced = await PutAsync(_name, Definition.Replace("Sensors", "Probes", StringComparison.Ordinal));
        Assert.Equal(200, replaced.Status);
        Assert.Contains("Probes", (await GetAsync(_name)).Body, StringComparison.Ordinal);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(204, (await DeleteAsync(_name)).Status);

        Assert.Equal(404, (await GetAsync(_name)).Status);
        Assert.Equal(404, (await DeleteAsync(_name)).Status);
        Assert.Equal(["eventType.created", "eventType.updated", "eventType.deleted"], await AuditAsync());
    }

    [Theory]
    [InlineData("CaseClosedEvent", "is a built-in event type")]
    [InlineData("caseCLOSEDevent", "CaseClosedEvent is a built-in event type")]
    public async Task Built_in_event_type_cannot_be_changed(string name, string detail)
    {
        var reply = await PutAsync(name, Definition);

        Assert.Equal(409, reply.Status);
        Assert.Contains(detail, reply.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Built_in_event_type_cannot_be_deleted() => Assert.Equal(409, (await DeleteAsync("CaseClosedEvent")).Status);

    [Fact]
    public async Task Name_is_unique_ignoring_case()
    {
        await PutAsync(_name, Definition);

        Assert.Equal(409, (await PutAsync(_name.ToUpperInvariant(), Definition)).Status);
        Assert.Equal(404, (await DeleteAsync(_name.ToUpperInvariant())).Status);
    }

    [Theory]
    [InlineData("1st")]
    [InlineData("with space")]
    [InlineData("naïve")]
    [InlineData("*")]
    public async Task Name_is_refused_when_its_form_is_not_valid(string name) =>
        Assert.Equal(["name"], (await PutAsync(name, Definition)).Errors.Keys);

    [Fact]
    public async Task Name_is_refused_when_it_is_too_long()
    {
        Assert.Equal(201, (await PutAsync(_name + new string('x', 128 - _name.Length), Definition)).Status);
        Assert.Equal(["name"], (await PutAsync(new string('x', 129), Definition)).Errors.Keys);
        Assert.Equal(["name"], (await PutAsync(new string('x', 300), Definition)).Errors.Keys);
    }

    [Fact]
    public async Task Field_errors_are_all_reported_at_once()
    {
        var reply = await PutAsync(
            _name,
            """
            {
              "category": "", "colour": 1,
              "parameters": [ { "name": "a", "type": "text" }, { "name": "b", "type": "string" }, { "name": "b", "type": "string", "x": 1 }, 7 ],
              "example": []
            }
            """
        );

        Assert.Equal(400, reply.Status);
        Assert.Equal(
            [
                "category",
                "colour",
                "description",
                "example",
                "parameters[0].type",
                "parameters[2].name",
                "parameters[2].x",
                "parameters[3]",
            ],
            reply.Errors.Keys.Except(["parameters[3].name", "parameters[3].type"]).Order(StringComparer.Ordinal)
        );
        Assert.Equal(404, (await GetAsync(_name)).Status);
    }

    [Theory]
    [InlineData("""{"sensor":"s-1"}""", "example.value", "is required")]
    [InlineData("""{"sensor":1,"value":2}""", "example.sensor", "must be a string")]
    public async Task Example_is_refused_when_it_does_not_fit_the_parameters(string example, string field, string error)
    {
        var definition = JsonNode.Parse(Definition)!;
        definition["example"] = JsonNode.Parse(example);

        Assert.Equal([error], (await PutAsync(_name, definition.ToJsonString())).Errors[field]);
    }

    [Fact]
    public async Task Definition_is_refused_when_it_is_too_large()
    {
        var definition = JsonNode.Parse(Definition)!;
        definition["example"]!["sensor"] = new string('x', 16 * 1024);
        Assert.Equal(["example"], (await PutAsync(_name, definition.ToJsonString())).Errors.Keys);

        definition = JsonNode.Parse(Definition)!;
        var parameters = Enumerable.Range(0, 65).Select(i => (JsonNode)new JsonObject { ["name"] = $"p{i}", ["type"] = "string|null" });
        definition["parameters"] = new JsonArray([.. parameters]);
        Assert.Equal(["parameters"], (await PutAsync(_name, definition.ToJsonString())).Errors.Keys);
    }

    [Fact]
    public async Task Largest_definition_is_stored()
    {
        var definition = JsonNode.Parse(Definition)!;
        var parameters = Enumerable
            .Range(0, 64)
            .Select(i =>
                (JsonNode)
                    new JsonObject
                    {
                        ["name"] = $"{i}" + new string('€', 125),
                        ["type"] = "string|number|boolean|object|null",
                        ["description"] = string.Concat(Enumerable.Repeat("𝄞", 256)),
                    }
            );
        definition["parameters"] = new JsonArray([.. parameters]);
        definition["description"] = new string('€', 1024);
        definition["example"] = new JsonObject { ["text"] = new string('x', 16_000) };

        var created = await PutAsync(_name, definition.ToJsonString());

        Assert.Equal(201, created.Status);
        _clock.Advance(EventTypes.Lifetime);
        Assert.Equal(created.Body, (await GetAsync(_name)).Body);
    }

    [Fact]
    public async Task Key_of_one_organization_cannot_change_event_types()
    {
        var bound = new TestFunctionContext(new Caller(Given.Actor("ops"), Role.Admin, Given.Organization()), default);

        Assert.Equal(403, (await _functions.PutEventType(Requests.Post(Definition), _name, bound, default).Reply()).Status);
        Assert.Equal(403, (await _functions.DeleteEventType(Requests.Get(), _name, bound, default).Reply()).Status);
    }

    [Fact]
    public async Task Event_type_in_use_is_not_deleted_and_its_subscriptions_are_named()
    {
        await PutAsync(_name, Definition);
        var user = Given.Subscription(Given.Organization(), _clock, "CaseClosedEvent", _name);
        var all = Given.Subscription(Given.Organization(), _clock, "*");
        await _subscriptions.AddAsync(user, Given.Entry(user), default);
        await _subscriptions.AddAsync(all, Given.Entry(all), default);

        var refused = await DeleteAsync(_name);

        Assert.Equal(409, refused.Status);
        Assert.Equal(
            $$"""[{"organizationId":{{user.OrganizationId}},"id":"{{user.Id}}","name":"{{user.Name}}"}]""",
            refused.Json.GetProperty("subscriptions").GetRawText()
        );
        Assert.Equal(200, (await GetAsync(_name)).Status);
    }

    [Fact]
    public async Task Other_instance_accepts_a_new_name_at_once_and_refuses_a_deleted_one_after_5_seconds()
    {
        var other = NewInstance();
        Assert.False((await other.GetAsync(default)).Contains(_name));
        await PutAsync(_name, Definition);
        using var body = JsonDocument.Parse($$$"""[{"eventName":"{{{_name}}}","data":{"sensor":"s","value":1}}]""");

        var catalogue = await other.ForAsync(body.RootElement, default);

        var errors = new FieldErrors();
        Assert.Single(new PublishRequest(catalogue, _clock).Read(body.RootElement, Given.Organization(), null, errors));
        Assert.False(errors.Any);
        await DeleteAsync(_name);
        _clock.Advance(EventTypes.Lifetime);
        Assert.False((await other.ForAsync(body.RootElement, default)).Contains(_name));
    }

    [Fact]
    public async Task Events_are_validated_against_a_custom_event_type()
    {
        await PutAsync(_name, Definition);
        using var body = JsonDocument.Parse($$$"""{"eventName":"{{{_name}}}","data":{"value":true}}""");
        var errors = new FieldErrors();

        new PublishRequest(await _types.ForAsync(body.RootElement, default), _clock).Read(
            body.RootElement,
            Given.Organization(),
            null,
            errors
        );

        Assert.Equal(["data.sensor", "data.value"], errors.ByField().Keys);
    }

    [Fact]
    public async Task Known_types_are_used_while_storage_is_unavailable()
    {
        await PutAsync(_name, Definition);
        var flaky = new FlakyTables(_tables);
        var types = new EventTypes(s_builtIn, new EventTypeStore(flaky, NullLogger<EventTypeStore>.Instance), _clock);
        Assert.True((await types.GetAsync(default)).Contains(_name));
        flaky.Failure = (_, _) => new Azure.RequestFailedException(503, "busy");
        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.True((await types.GetAsync(default)).Contains(_name));
        using var unknown = JsonDocument.Parse("""{"eventName":"Unknown"}""");
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => types.ForAsync(unknown.RootElement, default).AsTask());
    }

    [Fact]
    public async Task Other_types_stay_usable_when_one_cannot_be_read()
    {
        await PutAsync(_name, Definition);
        var broken = new TableEntity("types", $"n:{_name.ToLowerInvariant()}x") { ["name"] = _name + "x", ["p0"] = "{}"u8.ToArray() };
        await _tables.GetTableClient(TableNames.EventTypes).AddEntityAsync(broken);
        try
        {
            _types.Forget();
            Assert.True((await NewInstance().GetAsync(default)).Contains(_name));
            Assert.False((await NewInstance().GetAsync(default)).Contains(_name + "x"));
        }
        finally
        {
            await _tables.GetTableClient(TableNames.EventTypes).DeleteEntityAsync(broken.PartitionKey, broken.RowKey);
        }
    }

    [Fact]
    public async Task Unchanged_types_cost_one_read_in_5_seconds()
    {
        await PutAsync(_name, Definition);
        var counting = new CountingTables(_tables);
        var types = new EventTypes(s_builtIn, new EventTypeStore(counting, NullLogger<EventTypeStore>.Instance), _clock);
        var first = await types.GetAsync(default);
        var rows = counting.RowsOf(TableNames.EventTypes);

        _clock.Advance(EventTypes.Lifetime);

        Assert.Same(first, await types.GetAsync(default));
        Assert.InRange(counting.RowsOf(TableNames.EventTypes) - rows, 0, 1);
    }

    private EventTypes NewInstance() => new(s_builtIn, new EventTypeStore(_tables, NullLogger<EventTypeStore>.Instance), _clock);

    private Task<Reply> ListAsync() => _functions.ListEventTypes(Requests.Get(), Context(), default).Reply();

    private Task<Reply> GetAsync(string name) => _functions.GetEventType(Requests.Get(), name, Context(), default).Reply();

    private Task<Reply> PutAsync(string name, string body) =>
        _functions.PutEventType(Requests.Post(body), name, Context(), default).Reply();

    private Task<Reply> DeleteAsync(string name) => _functions.DeleteEventType(Requests.Get(), name, Context(), default).Reply();

    private static TestFunctionContext Context() => new(new Caller(Given.Actor("ops"), Role.Admin, null), default);

    private async Task<IEnumerable<string?>> AuditAsync() =>
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
