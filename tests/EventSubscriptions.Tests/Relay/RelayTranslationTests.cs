using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Organizations;
using EventSubscriptions.Relay;
using EventSubscriptions.Secrets;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Relay;

public sealed class RelayTranslationTests
{
    private static readonly EventCatalogue s_catalogue = EventCatalogue.Load();

    private static readonly RelaySubscriber s_subscriber = new(
        "configured",
        new Secret("key"),
        OrganizationId.TryFrom(1, out var organization) ? organization : default
    );

    public static TheoryData<string> Samples => new(RelaySamples.Names);

    [Theory]
    [MemberData(nameof(Samples))]
    public void Sample_is_translated_to_the_example_of_the_catalogue(string name)
    {
        Assert.True(RelayPage.TryRead(Encoding.UTF8.GetBytes(RelaySamples.Response(name)), out var page, out _));

        var translated = RelayTranslation.Translate(Assert.Single(page.Events), s_subscriber);

        Assert.Equal(name, translated.EventName.ToString());
        Assert.True(s_catalogue.TryGet(name, out var type));
        Assert.Equal(
            Encoding.UTF8.GetString(type.ExamplePayload(s_subscriber.OrganizationId).Span),
            Encoding.UTF8.GetString(translated.Event.Payload.Span)
        );
        Assert.Equal("a195f66af5514cacbdbeea09c8e785f6", translated.Event.Id.ToString());
    }

    [Theory]
    [InlineData("\"content\": \"no JSON\"", "no JSON")]
    [InlineData("\"content\": \"\"", "")]
    [InlineData("\"content\": null", null)]
    [InlineData("\"content\": \"[1,2]\"", "[1,2]")]
    [InlineData("\"content\": {\"type\" : \"else\"}", "{\"type\" : \"else\"}")]
    [InlineData("\"content\": \"{\\\"type\\\":\\\"start\\\"}\"", "{\"type\":\"start\"}")]
    [InlineData("\"content\": \"half \\ud800\"", "\"half \\ud800\"")]
    [InlineData("\"content\": \"{\\\"type\\\":\\\"\\\\ud800\\\",\\\"task\\\":7}\"", "{\"type\":\"\\ud800\",\"task\":7}")]
    [InlineData("\"content\": \"Grüße 😀 \\u0000\"", "Grüße 😀 \0")]
    public void Content_is_passed_on_unchanged_when_it_is_unknown(string member, string? content)
    {
        var translated = Translate($$"""{"id":"e1","timestamp":"2024-08-08T18:25:40Z","category":"tasks",{{member}}}""");

        Assert.Equal(RelayTranslation.Received, translated.EventName.ToString());
        Assert.Equal(content, Data(translated).GetProperty("content").GetString());
        AssertIsAsCatalogued(translated);
    }

    [Theory]
    [InlineData("type", "\"paused\"")]
    [InlineData("type", "null")]
    [InlineData("type", "5")]
    [InlineData("task", "null")]
    [InlineData("task", "{\"id\":\"t\",\"task_type\":{}}")]
    [InlineData("task", "{\"id\":\"t\",\"name\":\"n\",\"task_type\":\"alerts\"}")]
    [InlineData("device", "null")]
    public void Alert_is_passed_on_with_its_known_members_when_others_are_missing(string member, string value)
    {
        var content = JsonNode.Parse("""{"device":"bob","task":{"id":"t","name":"n","task_type":{"major":1}},"type":"acknowledged"}""")!;
        content[member] = JsonNode.Parse(value);

        var translated = Translate(Event(content.ToJsonString()));

        Assert.Equal(RelayTranslation.Received, translated.EventName.ToString());
        var data = Data(translated);
        Assert.Equal(content.ToJsonString(), data.GetProperty("content").GetString());
        Assert.Equal(value == "null" && member == "task" ? null : "t", data.GetProperty("taskId").GetString());
        AssertIsAsCatalogued(translated);
    }

    [Theory]
    [InlineData("voice", RelayTranslation.Received)]
    [InlineData("tasks", RelayTranslation.Started)]
    [InlineData(null, RelayTranslation.Started)]
    public void Event_is_not_an_alert_when_its_category_differs(string? category, string expected)
    {
        var json = Event("""{"task":{"id":"t","name":"n","task_type":{}},"type":"start"}""");
        json["category"] = category;

        var translated = Translate(json);

        Assert.Equal(expected, translated.EventName.ToString());
        AssertIsAsCatalogued(translated);
    }

    [Fact]
    public void Unknown_members_are_ignored_and_missing_ones_are_null()
    {
        var translated = Translate(
            """
            {"id":"e1","timestamp":"2024-08-08T18:25:40.923947+02:00","new":{"deep":[1]},
             "content":"{\"more\":true,\"task\":{\"id\":\"t\",\"name\":\"n\",\"task_type\":{\"major\":2,\"x\":[]},\"y\":1},\"type\":\"timed_out\"}"}
            """
        );

        Assert.Equal(RelayTranslation.TimedOut, translated.EventName.ToString());
        Assert.Equal(
            """{"eventName":"RelayAlertTimedOutEvent","organizationId":1,"data":{"relayEventId":"e1","subscriberId":"configured","taskId":"t","taskName":"n","taskType":{"major":2,"x":[]},"timestamp":"2024-08-08T18:25:40.923947+02:00","userId":null,"profileId":null,"sourceType":null,"workflowId":null,"workflowInstanceId":null}}""",
            Encoding.UTF8.GetString(translated.Event.Payload.Span)
        );
        AssertIsAsCatalogued(translated);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"id\":null,\"timestamp\":null}")]
    [InlineData("{\"id\":\"\",\"timestamp\":17}")]
    [InlineData("{\"id\":\"e1\",\"\\ud800\":1}")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("[[]]")]
    public void Event_gets_a_stable_id_when_it_has_none(string json)
    {
        var first = Translate(json);
        var second = Translate(json);

        Assert.Equal(RelayTranslation.Received, first.EventName.ToString());
        Assert.StartsWith("relay_", first.Event.Id.ToString(), StringComparison.Ordinal);
        Assert.Equal(first.Event.Id, second.Event.Id);
        Assert.Equal(first.Event.Payload.ToArray(), second.Event.Payload.ToArray());
        AssertIsAsCatalogued(first);
    }

    [Theory]
    [InlineData("with blanks and / signs")]
    [InlineData("ünïcode")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789")]
    public void Relay_id_is_hashed_and_passed_on_when_it_is_not_a_valid_event_id(string id)
    {
        var translated = Translate(new JsonObject { ["id"] = id, ["timestamp"] = "2024-08-08T18:25:40Z" });

        Assert.Matches("^relay_[0-9a-f]{32}$", translated.Event.Id.ToString());
        Assert.Equal(id, Data(translated).GetProperty("relayEventId").GetString());
    }

    [Theory]
    [InlineData("2024-08-08T18:25:40.923947Z", "2024-08-08T18:25:40.923947Z")]
    [InlineData("2024-08-08T18:25:40.9239479999999Z", "2024-08-08T18:25:40.923947Z")]
    [InlineData("2024-08-08T18:25:59.9999999Z", "2024-08-08T18:25:59.999999Z")]
    [InlineData("2024-08-08T18:25:40.9-05:30", "2024-08-08T23:55:40.900000Z")]
    [InlineData("2024-08-08T18:25:40", "2024-08-08T18:25:40.000000Z")]
    [InlineData("yesterday", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Timestamp_is_read_with_its_offset_and_never_rounded_up(string? text, string? expected)
    {
        var known = RelayEvent.TryParseTime(text, out var time);

        Assert.Equal(expected, known ? time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'") : null);
    }

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("[{\"id\":\"e1\"}", "not JSON")]
    [InlineData("<html></html>", "not JSON")]
    [InlineData("{\"events\":[]}", "not an array")]
    [InlineData("null", "not an array")]
    public void Response_is_refused_without_quoting_it_when_it_is_not_an_array(string response, string reason)
    {
        Assert.False(RelayPage.TryRead(Encoding.UTF8.GetBytes(response), out _, out var problem));

        Assert.Contains(reason, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("html", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Response_is_read_when_it_has_a_byte_order_mark_and_invalid_UTF_8()
    {
        byte[] response = [0xEF, 0xBB, 0xBF, .. "[{\"id\":\"e1\",\"content\":\""u8, 0xFF, .. "\"}]"u8];

        Assert.True(RelayPage.TryRead(response, out var page, out _));

        Assert.Equal("\uFFFD", Assert.Single(page.Events).Content);
    }

    private static JsonObject Event(string content) =>
        new()
        {
            ["id"] = "e1",
            ["timestamp"] = "2024-08-08T18:25:40Z",
            ["category"] = "tasks",
            ["content"] = content,
        };

    private static TranslatedEvent Translate(JsonNode json) => Translate(json.ToJsonString());

    private static TranslatedEvent Translate(string json)
    {
        using var document = JsonDocument.Parse(json);
        return RelayTranslation.Translate(RelayEvent.Read(document.RootElement), s_subscriber);
    }

    private static JsonElement Data(TranslatedEvent translated) => ClientJson.Read<PayloadResult>(translated.Event.Payload.ToArray()).Data;

    private static void AssertIsAsCatalogued(TranslatedEvent translated)
    {
        using var payload = JsonDocument.Parse(translated.Event.Payload);
        Assert.True(s_catalogue.TryGet(translated.EventName.ToString(), out var type));
        Assert.Empty(type.Check(payload.RootElement.GetProperty("data")));
    }
}
