using System.Text.Json.Nodes;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;

namespace EventSubscriptions.Tests.Events.Api;

public sealed class EventTypeChangeOnAzuriteTests() : EventTypeChangeTests(new AzuriteStores());

public sealed class EventTypeChangeOnLocalStoresTests() : EventTypeChangeTests(new LocalStores());

public abstract class EventTypeChangeTests(ITableStores stores) : EventTypeTestBase(stores)
{
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

    [Fact]
    public async Task Change_is_refused_when_If_Match_is_stale()
    {
        Assert.Equal(412, (await PutAsync(_name, Definition, "\"stale\"")).Status);
        await PutAsync(_name, Definition);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var tag = (await GetAsync(_name)).Headers.ETag.ToString();
        var other = Definition.Replace("Sensors", "Probes", StringComparison.Ordinal);

        Assert.Equal(412, (await PutAsync(_name, other, "\"stale\"")).Status);
        Assert.Equal(412, (await DeleteAsync(_name, "\"stale\"")).Status);
        Assert.Equal(["If-Match"], (await PutAsync(_name, other, "stale")).Errors.Keys);
        Assert.Equal(["eventType.created"], await AuditAsync());

        var replaced = await PutAsync(_name, other, tag);
        Assert.Equal(200, replaced.Status);
        Assert.Equal(412, (await PutAsync(_name, Definition, tag)).Status);
        Assert.Equal(204, (await DeleteAsync(_name, replaced.Headers.ETag.ToString())).Status);
    }

    [Fact]
    public async Task Concurrent_changes_are_audited_when_they_are_made()
    {
        var puts = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => PutAsync(_name, Definition)));
        var deletes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => DeleteAsync(_name)));

        Assert.Single(puts, reply => reply.Status == 201);
        Assert.Single(deletes, reply => reply.Status == 204);
        Assert.Equal(
            (1, puts.Count(reply => reply.Status == 200), 1),
            (await AuditedAsync("created"), await AuditedAsync("updated"), await AuditedAsync("deleted"))
        );

        async Task<int> AuditedAsync(string change) => (await AuditAsync()).Count(type => type == $"eventType.{change}");
    }

    [Theory]
    [InlineData(32, 201)]
    [InlineData(33, 400)]
    public async Task Example_has_at_most_32_levels(int levels, int status)
    {
        var example = string.Concat(Enumerable.Repeat("{\"a\":", levels)) + "1" + new string('}', levels);
        var definition = $$$"""{"category":"Test","description":"d","example":{{{example}}}}""";

        Assert.Equal(status, (await PutAsync(_name, definition)).Status);
        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(status == 201 ? 200 : 404, (await GetAsync(_name)).Status);
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("x\\u200b")]
    public async Task Category_has_no_invisible_characters(string category)
    {
        var definition = $$$"""{"category":"{{{category}}}","description":"d","example":{}}""";

        Assert.Equal(["category"], (await PutAsync(_name, definition)).Errors.Keys);
    }

    [Theory]
    [InlineData("CaseClosedEvent", "is a built-in event type")]
    [InlineData("subscriptionFailingEvent", "SubscriptionFailingEvent is a built-in event type")]
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
}
