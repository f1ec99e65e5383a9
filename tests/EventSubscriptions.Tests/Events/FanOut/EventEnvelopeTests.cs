using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Tests.Events.FanOut;

public sealed class EventEnvelopeTests
{
    private const string Canonical = """{"eventName":"CaseClosedEvent","organizationId":7,"data":{"id": "1",  "name":"é"}}""";

    [Fact]
    public void A_payload_is_passed_on_without_a_copy()
    {
        var body = Encoding.UTF8.GetBytes(Canonical);

        var envelope = EventEnvelope.Read(body);

        Assert.Null(envelope.Problem);
        Assert.True(MemoryMarshal.TryGetArray(envelope.Payload, out var segment));
        Assert.Same(body, segment.Array);
        Assert.Equal(body.Length, segment.Count);
        Assert.Equal("CaseClosedEvent", envelope.EventName.ToString());
        Assert.Equal("7", envelope.Organization.ToString());
    }

    [Theory]
    [InlineData(""" {"eventName":"CaseClosedEvent","organizationId":7,"data":{"id": "1",  "name":"é"}}""")]
    [InlineData("""{"eventName":"CaseClosedEvent","organizationId":7,"data":{"id": "1",  "name":"é"}} """)]
    [InlineData("""{"eventName":"CaseClosedEvent","organizationId":7,"data":{"id": "1",  "name":"é"},"x":1}""")]
    [InlineData("""{"eventName":"CaseClosedEvent","x":{"data":{}},"organizationId":7,"data":{"id": "1",  "name":"é"}}""")]
    [InlineData("""{"organizationId":7,"data":{"id": "1",  "name":"é"},"eventName":"CaseClosedEvent"}""")]
    [InlineData("{\n  \"eventName\": \"CaseClosedEvent\",\n  \"organizationId\": 7,\n  \"data\": {\"id\": \"1\",  \"name\":\"é\"}\n}")]
    [InlineData("""{"event\u004eame":"CaseClosedEvent","organizationId":7,"data":{"id": "1",  "name":"é"}}""")]
    [InlineData("\uFEFF" + Canonical)]
    [InlineData("""{"eventName":"CaseClosedEvent","organizationId":7.0,"data":{"id": "1",  "name":"é"}}""")]
    [InlineData("""{"eventName":"CaseClosedEvent","organizationId":0.7e1,"data":{"id": "1",  "name":"é"}}""")]
    public void Any_other_form_becomes_the_payload_with_the_data_verbatim(string body) => Assert.Equal(Canonical, Payload(body));

    [Theory]
    [InlineData("""{"eventName":"A","organizationId":1,"data":{}}""")]
    [InlineData("""{"eventName":"A","organizationId":2147483647,"data":{"a":1,"a":2}}""")]
    [InlineData("""{"eventName":"A","organizationId":0,"data":{}}""")]
    [InlineData("""{"eventName":"\u0041\"ü","organizationId":1,"data":{"n":1e400,"s":"\ud83d\ude00"}}""")]
    [InlineData("""{"eventName":"A","organizationId":1,"data":{"s":"\\ud800","t":"\\\\u","\u00e9":"\""}}""")]
    public void What_the_grammar_allows_in_names_and_data_is_left_alone(string body) => Assert.Equal(body, Payload(body));

    [Fact]
    public void A_name_is_as_long_as_it_may_be_even_when_all_of_it_is_escaped()
    {
        var escaped = string.Concat(Enumerable.Repeat("\\u20ac", EventName.MaxLength));
        var body = "{\"eventName\":\"" + escaped + "\",\"organizationId\":2147483647,\"data\":{}}";

        Assert.Equal(body, Payload(body));
        Assert.Equal(body, Payload(" " + body));
        Assert.Equal(
            "In the body eventName must be a string of 1–256 characters.",
            Problem(body.Replace("\"eventName\":\"", "\"eventName\":\"x", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData("", "The message has no body.")]
    [InlineData("\uFEFF", "The message has no body.")]
    [InlineData("   ", "The body is not JSON: line 1, byte 4.")]
    [InlineData("not json", "The body is not JSON: line 1, byte 2.")]
    [InlineData("""{"eventName":"A","organizationId":1,"data":{"a":1,}}""", "The body is not JSON: line 1, byte 51.")]
    [InlineData("""{"eventName":"A","organizationId":1,"data":{}""", "The body is not JSON: line 1, byte 46.")]
    [InlineData("""{"eventName":"A","organizationId":1,"data":{}}}""", "The body is not JSON: line 1, byte 47.")]
    [InlineData("""{"eventName":"A","organizationId":1,"data":{}}{"eventName":"A"}""", "The body is not JSON: line 1, byte 47.")]
    [InlineData("""{"eventName":"A","organizationId":01,"data":{}}""", "The body is not JSON: line 1, byte 36.")]
    [InlineData("null", "The body is JSON, but not an object.")]
    [InlineData("[]", "The body is JSON, but not an object.")]
    [InlineData("\"text\"", "The body is JSON, but not an object.")]
    [InlineData("[1", "The body is not JSON: line 1, byte 3.")]
    [InlineData("{}", "In the body eventName is missing, organizationId is missing, data is missing.")]
    [InlineData(
        """{"EventName":"A","organizationid":1,"Data":{}}""",
        "In the body eventName is missing, organizationId is missing, data is missing."
    )]
    [InlineData("""{"organizationId":1,"data":{}}""", "In the body eventName is missing.")]
    [InlineData("""{"eventName":"","organizationId":1,"data":{}}""", "In the body eventName must be a string of 1–256 characters.")]
    [InlineData("""{"eventName":null,"organizationId":1,"data":{}}""", "In the body eventName must be a string of 1–256 characters.")]
    [InlineData("""{"eventName":["A"],"organizationId":1,"data":{}}""", "In the body eventName must be a string of 1–256 characters.")]
    [InlineData(
        """{"eventName":"A\u000d\u000aB","organizationId":1,"data":{}}""",
        "In the body eventName must not contain U+000D, which is a control or invisible character."
    )]
    [InlineData(
        """{"eventName":"A\u202eB","organizationId":1,"data":{}}""",
        "In the body eventName must not contain U+202E, which is a control or invisible character."
    )]
    [InlineData("""{"eventName":"A","data":{}}""", "In the body organizationId is missing.")]
    [InlineData(
        """{"eventName":"A","organizationId":"1","data":{}}""",
        "In the body organizationId must be a 32-bit integer from 0, as a number."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":-1,"data":{}}""",
        "In the body organizationId must be a 32-bit integer from 0, as a number."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":1.5,"data":{}}""",
        "In the body organizationId must be a 32-bit integer from 0, as a number."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":1e99,"data":{}}""",
        "In the body organizationId must be a 32-bit integer from 0, as a number."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":2147483648,"data":{}}""",
        "In the body organizationId must be a 32-bit integer from 0, as a number."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":{},"data":{}}""",
        "In the body organizationId must be a 32-bit integer from 0, as a number."
    )]
    [InlineData("""{"eventName":"A","organizationId":1}""", "In the body data is missing.")]
    [InlineData("""{"eventName":"A","organizationId":1,"data":null}""", "In the body data must be an object.")]
    [InlineData("""{"eventName":"A","organizationId":1,"data":[{}]}""", "In the body data must be an object.")]
    [InlineData("""{"eventName":"A","organizationId":1,"data":"{}"}""", "In the body data must be an object.")]
    [InlineData("""{"eventName":"A","eventName":"A","organizationId":1,"data":{}}""", "In the body eventName appears twice.")]
    [InlineData("""{"eventName":"A","organizationId":1,"data":{},"data":{}}""", "In the body data appears twice.")]
    [InlineData(
        """{"eventName":"A","organizationId":1,"organizationId":1,"organizationId":1,"data":{}}""",
        "In the body organizationId appears twice."
    )]
    [InlineData("""{"eventName":"A\ud800","organizationId":1,"data":{}}""", "The body has an escape that is not a character at byte 13.")]
    [InlineData(
        """{"eventName":"A","organizationId":1,"data":{"a":"\ud800"}}""",
        "The body has an escape that is not a character at byte 49."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":1,"data":{"a":"\uDC00\uD800"}}""",
        "The body has an escape that is not a character at byte 49."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":1,"data":{"\udfff":1}}""",
        "The body has an escape that is not a character at byte 45."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":1,"data":{"a":["\ud83d\u0041"]}}""",
        "The body has an escape that is not a character at byte 50."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":1,"data":{},"x":"\ud800"}""",
        "The body has an escape that is not a character at byte 51."
    )]
    public void A_malformed_body_is_refused_with_what_is_wrong(string body, string problem) => Assert.Equal(problem, Problem(body));

    [Fact]
    public void A_body_that_is_not_UTF8_is_refused() =>
        Assert.Equal(
            "The body is not UTF-8.",
            EventEnvelope.Read("{\"eventName\":\"A\","u8.ToArray().Append((byte)0xff).ToArray()).Problem
        );

    [Fact]
    public void A_body_that_is_nested_too_deep_is_refused()
    {
        var data = string.Concat(Enumerable.Repeat("{\"a\":", 70)) + "1" + new string('}', 70);

        Assert.StartsWith(
            "The body is nested deeper than 64 levels",
            Problem($$$"""{"eventName":"A","organizationId":1,"data":{{{data}}}}"""),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "The body is nested deeper than 64 levels",
            Problem($$$"""{"eventName":"A","organizationId":1,"data":{"a":{{{new string('[', 63)}}}"""),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "The body is not JSON",
            Problem($$$"""{"eventName":"A","organizationId":1,"data":{"a":{{{new string('[', 62)}}}x"""),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("""{"organizationId":7,"data":{}}""", 7)]
    [InlineData("""{"organizationId":7,"data":{"a":""", 7)]
    [InlineData("""{"eventName":"A","organizationId":7,"data":{"a":"\ud800"}}""", 7)]
    [InlineData("""{"organizationId":7,"organizationId":8}""", null)]
    [InlineData("""{"data":{"organizationId":7}}""", null)]
    public void The_organization_of_a_refused_event_is_known_where_it_can_be_read(string body, int? organization)
    {
        var envelope = EventEnvelope.Read(Encoding.UTF8.GetBytes(body));

        Assert.NotNull(envelope.Problem);
        Assert.Equal(organization, envelope.Organization?.Value);
        Assert.True(envelope.Payload.IsEmpty);
    }

    [Fact]
    public void A_problem_holds_nothing_of_the_body()
    {
        Assert.DoesNotContain(
            "hunter2",
            Problem("""{"eventName":"A","organizationId":1,"data":{"password":"hunter2",hunter2}}"""),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(
            "hunter2",
            Problem("""{"eventName":"A","organizationId":"hunter2","data":"hunter2"}"""),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Composing_writes_the_data_byte_for_byte_and_escapes_no_more_of_the_name_than_it_must()
    {
        using var document = JsonDocument.Parse("""{"data": { "a" : "\u00e9é</>" ,"b":1.0e2 } }""");
        Assert.True(OrganizationId.TryFrom(int.MaxValue, out var organization));

        var payload = EventPayload.Compose(EventName.Parse("Näme\"Event"), organization, document.RootElement.GetProperty("data"));

        Assert.Equal(
            """{"eventName":"Näme\"Event","organizationId":2147483647,"data":{ "a" : "\u00e9é</>" ,"b":1.0e2 }}""",
            Encoding.UTF8.GetString(payload.Span)
        );
    }

    private static string Payload(string body)
    {
        var envelope = EventEnvelope.Read(Encoding.UTF8.GetBytes(body));
        Assert.Null(envelope.Problem);
        return Encoding.UTF8.GetString(envelope.Payload.Span);
    }

    private static string Problem(string body) => EventEnvelope.Read(Encoding.UTF8.GetBytes(body)).Problem ?? "none";
}
