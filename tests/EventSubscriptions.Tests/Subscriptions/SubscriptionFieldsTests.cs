using System.Text.Json;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class SubscriptionFieldsTests
{
    private static readonly EventCatalogue s_catalogue = EventCatalogue.Load();
    private static readonly SubscriptionRules s_rules = Given.Rules();

    private static readonly Dictionary<string, object?> s_valid = new(StringComparer.Ordinal)
    {
        ["name"] = "n",
        ["url"] = "https://example.com/hook",
        ["token"] = "t",
        ["events"] = new[] { "CaseClosedEvent" },
    };

    public static TheoryData<string, string?, string?> Members =>
        new()
        {
            { "name", "\"" + new string('x', 128) + "\"", null },
            { "name", "\"" + new string('x', 129) + "\"", "name" },
            { "name", "\"\"", "name" },
            { "name", "\"  \"", "name" },
            { "name", "\"a\\nb\"", "name" },
            { "name", "\"\\u001b[31m\"", "name" },
            { "name", "\"\\u200b\\u200b\"", "name" },
            { "name", "\"Prod\\u202etset\"", "name" },
            { "name", "\"a\\u2028b\"", "name" },
            { "name", "null", "name" },
            { "name", null, "name" },
            { "name", "5", "name" },
            { "description", "\"" + new string('x', 1024) + "\"", null },
            { "description", "\"" + new string('x', 1025) + "\"", "description" },
            { "description", "\"a\\nb\\tc\"", null },
            { "description", "\"\\u0000\"", "description" },
            { "description", "\"\"", null },
            { "description", "null", null },
            { "url", "\"https://example.com/" + new string('x', 2048 - 20) + "\"", null },
            { "url", "\"https://example.com/" + new string('x', 2048 - 19) + "\"", "url" },
            { "url", "\"http://example.com/\"", "url" },
            { "url", "\"/relative\"", "url" },
            { "url", "\"\"", "url" },
            { "url", "\" https://example.com/\"", "url" },
            { "url", "\"https://example.com/a b\"", "url" },
            { "url", "\"https:\\\\\\\\example.com\"", "url" },
            { "url", "\"https://exa\\u200bmple.com/\"", "url" },
            { "url", "\"https://example.com/\\u202e\"", "url" },
            { "url", "\"https://אa.example/\"", "url" },
            { "url", "\"https://" + new string('ü', 60) + ".example/\"", "url" },
            { "url", "\"https://example.com/?key=***\"", "url" },
            { "url", "\"https://user:pw@example.com/\"", "url" },
            { "url", "\"https://example.com/#f\"", "url" },
            { "url", "\"https://10.0.0.1/\"", "url" },
            { "url", "\"https://127.1/\"", "url" },
            { "url", "\"https://[::1]/\"", "url" },
            { "url", "\"ftp://example.com/\"", "url" },
            { "url", "\"javascript:alert(1)\"", "url" },
            { "url", null, "url" },
            { "token", "\"" + new string('~', 4096) + "\"", null },
            { "token", "\"" + new string('~', 4097) + "\"", "token" },
            { "token", "\"\"", "token" },
            { "token", "\"a b\"", "token" },
            { "token", "\"a\\r\\nX: y\"", "token" },
            { "token", "\"é\"", "token" },
            { "token", null, "token" },
            { "events", "[\"*\"]", null },
            { "events", "[]", "events" },
            { "events", "[\"*\",\"CaseClosedEvent\"]", "events[0]" },
            { "events", "[\"CaseClosedEvent\",\"CaseClosedEvent\"]", "events[1]" },
            { "events", "[\"CaseClosedEvent\",\"caseclosedevent\"]", "events[1]" },
            { "events", "[\"CaseClosedEvent\",1]", "events[1]" },
            { "events", "\"*\"", "events" },
            { "events", null, "events" },
            { "isActive", "false", null },
            { "isActive", "\"false\"", "isActive" },
            { "isActive", "1", "isActive" },
            { "rateLimitPerSecond", "1", null },
            { "rateLimitPerSecond", "10000", null },
            { "rateLimitPerSecond", "10.0", null },
            { "rateLimitPerSecond", "1e1", null },
            { "rateLimitPerSecond", "null", null },
            { "rateLimitPerSecond", "0", "rateLimitPerSecond" },
            { "rateLimitPerSecond", "10001", "rateLimitPerSecond" },
            { "rateLimitPerSecond", "1.5", "rateLimitPerSecond" },
            { "rateLimitPerSecond", "99999999999", "rateLimitPerSecond" },
            { "filter", "{\"data.x\":1}", null },
            { "filter", "null", null },
            { "filter", "{\"x\":1}", "filter.x" },
            { "retrySchedule", "[\"00:00:05\"]", null },
            { "retrySchedule", "null", null },
            { "retrySchedule", "[]", "retrySchedule" },
            { "retrySchedule", "[\"5\"]", "retrySchedule[0]" },
            { "retrySchedule", "[\"00:00:05\",\"7.00:00:01\"]", "retrySchedule[1]" },
            { "retrySchedule", "[\"7.00:00:00\",\"7.00:00:00\",\"7.00:00:00\"]", null },
            { "retrySchedule", "[\"7.00:00:00\",\"7.00:00:00\",\"7.00:00:00\",\"7.00:00:00\"]", "retrySchedule" },
            { "retrySchedule", "[" + string.Join(',', Enumerable.Repeat("\"00:00:01\"", 15)) + "]", null },
            { "retrySchedule", "[" + string.Join(',', Enumerable.Repeat("\"00:00:01\"", 16)) + "]", "retrySchedule" },
            { "deadline", "\"00:00:01\"", null },
            { "deadline", "\"00:01:00\"", null },
            { "deadline", "null", null },
            { "deadline", "\"00:00:00.999\"", "deadline" },
            { "deadline", "\"00:01:00.001\"", "deadline" },
            { "id", "\"sub_x\"", "id" },
            { "tokenHint", "\"abcd\"", "tokenHint" },
        };

    [Theory]
    [MemberData(nameof(Members))]
    public void New_subscription_has_an_error_for_each_invalid_field(string member, string? json, string? wrong)
    {
        var body = s_valid.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
        body.Remove(member);
        if (json is not null)
        {
            body[member] = JsonElement.Parse(json);
        }

        var errors = new FieldErrors();
        var reader = new FieldReader(JsonSerializer.SerializeToElement(body), errors);
        SubscriptionFields.ReadNew(reader, s_catalogue, s_rules);
        reader.ReportUnknown();

        Assert.Equal(wrong is null ? [] : [wrong], errors.ByField().Keys);
    }

    [Theory]
    [MemberData(nameof(Members))]
    public void Patch_has_an_error_for_each_invalid_field_given(string member, string? json, string? wrong)
    {
        var errors = new FieldErrors();
        ReadPatch(JsonElement.Parse(json is null ? "{}" : $$"""{"{{member}}":{{json}}}"""), errors);

        Assert.Equal(wrong is null || json is null ? [] : [wrong], errors.ByField().Keys);
    }

    [Fact]
    public void Events_are_limited()
    {
        var errors = new FieldErrors();
        ReadPatch(JsonSerializer.SerializeToElement(new { events = Enumerable.Range(0, 65).Select(i => $"E{i}") }), errors);

        Assert.Equal(["events"], errors.ByField().Keys);
    }

    [Fact]
    public void Unknown_event_has_the_nearest_name_in_its_error()
    {
        var errors = new FieldErrors();
        ReadPatch(JsonElement.Parse("""{"events":["CaseClosdEvent","Xyz"]}"""), errors);

        Assert.Equal(["is not a known event type; did you mean 'CaseClosedEvent'?"], errors.ByField()["events[0]"]);
        Assert.Equal(["is not a known event type; GET /api/event-types lists them"], errors.ByField()["events[1]"]);
    }

    [Fact]
    public void Patch_changes_given_fields_and_clears_null_ones()
    {
        var before = Given.Subscription(Given.Organization(), TimeProvider.System, "CaseClosedEvent") with
        {
            Description = "d",
            RateLimitPerSecond = 5,
        };

        var unchanged = Apply("{}");
        var cleared = Apply("""{"description":null,"rateLimitPerSecond":null}""");
        var changed = Apply(
            """{"name":"new","url":"https://example.org/","token":"new","events":["*"],"isActive":false,"description":"new","rateLimitPerSecond":9}"""
        );

        Assert.Equal(before, unchanged);
        Assert.Equal(before with { Description = null, RateLimitPerSecond = null }, cleared);
        Assert.Equal(
            before with
            {
                Name = "new",
                Url = new Uri("https://example.org/"),
                Authentication = changed.Authentication,
                Events = changed.Events,
                IsActive = false,
                Description = "new",
                RateLimitPerSecond = 9,
            },
            changed
        );
        Assert.Equal(new SubscriptionAuthentication.Bearer(new Secret("new")), changed.Authentication);
        Assert.Equal(["*"], changed.Events);

        Subscription Apply(string json)
        {
            var errors = new FieldErrors();
            var fields = ReadPatch(JsonElement.Parse(json), errors);
            Assert.False(errors.Any);
            return fields.ApplyTo(before);
        }
    }

    [Fact]
    public void Null_isActive_is_an_error_in_a_patch()
    {
        var errors = new FieldErrors();
        ReadPatch(JsonElement.Parse("""{"isActive":null}"""), errors);

        Assert.Equal(["isActive"], errors.ByField().Keys);
    }

    private static SubscriptionFields ReadPatch(JsonElement body, FieldErrors errors)
    {
        var reader = new FieldReader(body, errors);
        var fields = SubscriptionFields.ReadPatch(reader, s_catalogue, s_rules);
        reader.ReportUnknown();
        return fields;
    }
}
