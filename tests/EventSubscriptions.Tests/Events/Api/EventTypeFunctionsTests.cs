using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Events.Api;

public sealed class EventTypeFunctionsOnAzuriteTests() : EventTypeFunctionsTests(new AzuriteStores());

public sealed class EventTypeFunctionsOnLocalStoresTests() : EventTypeFunctionsTests(new LocalStores());

public abstract class EventTypeFunctionsTests(ITableStores stores) : EventTypeTestBase(stores)
{
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
        var types = new EventTypes(
            s_builtIn,
            new EventTypeStore(flaky, NullLogger<EventTypeStore>.Instance),
            _clock,
            NullLogger<EventTypes>.Instance
        );
        Assert.True((await types.GetAsync(default)).Contains(_name));
        flaky.Failure = (_, _) => new Azure.RequestFailedException(503, "busy");
        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.True((await types.GetAsync(default)).Contains(_name));
        using var unknown = JsonDocument.Parse("""{"eventName":"Unknown"}""");
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => types.ForAsync(unknown.RootElement, default).AsTask());
    }

    [Fact]
    public async Task Storage_that_fails_is_asked_again_after_5_seconds()
    {
        await PutAsync(_name, Definition);
        var asked = 0;
        var flaky = new FlakyTables(_tables)
        {
            Failure = (_, _) =>
            {
                asked++;
                return new Azure.RequestFailedException(503, "busy");
            },
        };
        var types = new EventTypes(
            s_builtIn,
            new EventTypeStore(flaky, NullLogger<EventTypeStore>.Instance),
            _clock,
            NullLogger<EventTypes>.Instance
        );
        for (var i = 0; i < 10; i++)
        {
            Assert.Same(s_builtIn, await types.GetAsync(default));
        }

        Assert.Equal(1, asked);
        flaky.Failure = (_, _) => null;
        _clock.Advance(EventTypes.Lifetime);
        Assert.True((await types.GetAsync(default)).Contains(_name));
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
        var types = new EventTypes(
            s_builtIn,
            new EventTypeStore(counting, NullLogger<EventTypeStore>.Instance),
            _clock,
            NullLogger<EventTypes>.Instance
        );
        for (var tries = 1; tries <= 100; tries++)
        {
            var first = await types.GetAsync(default);
            var rows = counting.RowsOf(TableNames.EventTypes);

            _clock.Advance(EventTypes.Lifetime);

            // Other tests change types of the same table.
            if (ReferenceEquals(first, await types.GetAsync(default)))
            {
                Assert.InRange(counting.RowsOf(TableNames.EventTypes) - rows, 0, 1);
                return;
            }
        }

        Assert.Fail("The types were loaded each time.");
    }
}
