using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions.Formats;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Subscriptions.Formats;

/// <summary>What the presets make of events, against the rules of their receivers.</summary>
public sealed class TemplatePresetTests
{
    private static readonly TemplateSecrets s_secrets = new(
        new Dictionary<string, Secret>(StringComparer.Ordinal) { ["routingKey"] = new("0123456789abcdef0123456789abcdef") }
    );

    public static TheoryData<string> Presets => [.. TemplatePresets.Names];

    [Theory]
    [MemberData(nameof(Presets))]
    public async Task Preset_makes_what_its_receiver_accepts_of_every_event(string preset)
    {
        var schema = Path.Combine(AppContext.BaseDirectory, "Fixtures", "receivers", preset + ".json");
        await using var validator = OtherProgram.Node(Repository.PathOf("tests", "tools", "OpenApi", "schema.js"));
        List<string> problems = [];
        foreach (
            var (name, data) in EventCatalogue
                .Load()
                .All.Select(type => (type.Name.ToString(), type.ExampleData.GetRawText()))
                .Concat(Edges())
        )
        {
            var body = Render(preset, name, data);
            await validator.Write($$"""{"schema":{{JsonSerializer.Serialize(schema)}},"value":{{body.ReplaceLineEndings(" ")}}}""");
            var errors = JsonSerializer.Deserialize<List<string>>(await validator.Read())!;
            problems.AddRange(errors.Select(error => $"{name}: {error} in {body}"));
        }

        Assert.Empty(problems);
    }

    [Theory]
    [MemberData(nameof(Presets))]
    public void Preset_is_a_valid_format(string preset)
    {
        var errors = new FieldErrors();
        var secrets = TemplatePresets.Find(preset)!.Description.TryGetProperty("secrets", out var names)
            ? names
                .EnumerateArray()
                .ToDictionary(secret => secret.GetProperty("name").GetString()!, _ => "a secret", StringComparer.Ordinal)
            : [];
        var request = JsonSerializer.SerializeToElement(
            new
            {
                format = new
                {
                    type = "template",
                    preset,
                    secrets,
                },
            }
        );

        var format = Assert.IsType<SubscriptionFormat.Template>(FormatFields.Read(new FieldReader(request, errors)));

        Assert.False(errors.Any);
        Assert.Equal(preset, format.Preset);
        Assert.Equal(TemplatePresets.Find(preset)!.Body, format.Body.Text);
    }

    [Fact]
    public void Values_of_the_event_are_where_people_look_for_them()
    {
        const string Data = """{"name":"Case <1> & \"more\"","ownerUser":"Ann"}""";

        var slack = Parse("slack", "CaseCreatedEvent", Data);
        var teams = Parse("teams", "CaseCreatedEvent", Data);
        var splunk = Parse("splunkHec", "CaseCreatedEvent", Data);
        var sentinel = Parse("sentinel", "CaseCreatedEvent", Data);
        var hive = Parse("theHive", "CaseCreatedEvent", Data);

        Assert.Equal("CaseCreatedEvent in organization 1", slack["text"]!.GetValue<string>());
        Assert.Equal("*name*\nCase &lt;1&gt; &amp; \"more\"", slack["blocks"]![1]!["fields"]![2]!["text"]!.GetValue<string>());
        var facts = teams["attachments"]![0]!["content"]!["body"]![1]!["facts"]!;
        Assert.Equal("Case <1> & \"more\"", facts[2]!["value"]!.GetValue<string>());
        Assert.Equal(1769848200.123m, splunk["time"]!.GetValue<decimal>());
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Data), splunk["event"]!["data"]));
        Assert.Equal("2026-01-31T08:30:00.123Z", sentinel[0]!["TimeGenerated"]!.GetValue<string>());
        Assert.Equal(1769848200123, hive["date"]!.GetValue<long>());
        Assert.Equal("evt_1", hive["sourceRef"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("RelayAlertStartedEvent", """{"taskId":"t1"}""", "trigger", "t1")]
    [InlineData("RelayAlertEndedEvent", """{"taskId":"t1"}""", "resolve", "t1")]
    [InlineData("RelayAlertEndedEvent", """{}""", "resolve", "evt_1")]
    [InlineData("SubscriptionFailingEvent", """{"subscriptionId":"sub_1"}""", "trigger", "sub_1")]
    [InlineData("SubscriptionRecoveredEvent", """{"subscriptionId":"sub_1"}""", "resolve", "sub_1")]
    [InlineData("CaseCreatedEvent", """{}""", "trigger", "evt_1")]
    public void PagerDuty_alert_ends_with_what_it_is_about(string name, string data, string action, string key)
    {
        var alert = Parse("pagerDuty", name, data);

        Assert.Equal(action, alert["event_action"]!.GetValue<string>());
        Assert.Equal(key, alert["dedup_key"]!.GetValue<string>());
        Assert.Equal("0123456789abcdef0123456789abcdef", alert["routing_key"]!.GetValue<string>());
    }

    private static JsonNode Parse(string preset, string name, string data) => JsonNode.Parse(Render(preset, name, data))!;

    private static string Render(string preset, string name, string data)
    {
        var content = Given.EventContent($$"""{"eventName":"{{name}}","organizationId":1,"data":{{data}}}""") with
        {
            Name = EventSubscriptions.Events.EventName.Parse(name),
        };
        var format = new SubscriptionFormat.Template(new(TemplatePresets.Find(preset)!.Body), TemplateContentType.Json, preset, s_secrets);
        return Encoding.UTF8.GetString(format.Compose(content, new TestClock()).Bytes.Span);
    }

    /// <summary>Events that no example is like.</summary>
    private static IEnumerable<(string Name, string Data)> Edges()
    {
        yield return ("CaseCreatedEvent", "{}");
        yield return (new string('N', 128), """{"name":null,"empty":"","zero":0,"no":false,"list":[],"object":{}}""");
        yield return ("CaseCreatedEvent", """{"name":"\"}]\\ \u2028 <script> & \ud83d\ude00 \ud800","\u0000":"\u0001"}""");
        yield return ("CaseCreatedEvent", $$"""{"name":"{{new string('ä', 50_000)}}"}""");
        yield return (
            "CaseCreatedEvent",
            $"{{{string.Join(',', Enumerable.Range(0, 500).Select(i => $"\"member{i}\":[{i},{{\"x\":\"{i}\"}}]"))}}}"
        );
    }
}
