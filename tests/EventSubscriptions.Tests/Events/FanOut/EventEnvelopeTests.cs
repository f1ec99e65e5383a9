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
    public void Payload_is_passed_on_without_a_copy()
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
    public void Payload_has_the_data_verbatim_whatever_the_form_of_the_body(string body) => Assert.Equal(Canonical, Payload(body));

    [Theory]
    [InlineData("""{"eventName":"A","organizationId":1,"data":{}}""")]
    [InlineData("""{"eventName":"A","organizationId":2147483647,"data":{"a":1,"a":2}}""")]
    [InlineData("""{"eventName":"A","organizationId":0,"data":{}}""")]
    [InlineData("""{"eventName":"\u0041\"ü","organizationId":1,"data":{"n":1e400,"s":"\ud83d\ude00"}}""")]
    [InlineData("""{"eventName":"A","organizationId":1,"data":{"s":"\\ud800","t":"\\\\u","\u00e9":"\""}}""")]
    public void Names_and_data_are_unchanged_when_the_grammar_allows_them(string body) => Assert.Equal(body, Payload(body));

    [Fact]
    public void Name_has_its_maximum_length_when_all_of_it_is_escaped()
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
        "In the body organizationId must be a number: an integer from 0 to 2147483647."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":-1,"data":{}}""",
        "In the body organizationId must be a number: an integer from 0 to 2147483647."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":1.5,"data":{}}""",
        "In the body organizationId must be a number: an integer from 0 to 2147483647."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":1e99,"data":{}}""",
        "In the body organizationId must be a number: an integer from 0 to 2147483647."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":2147483648,"data":{}}""",
        "In the body organizationId must be a number: an integer from 0 to 2147483647."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":{},"data":{}}""",
        "In the body organizationId must be a number: an integer from 0 to 2147483647."
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
    [InlineData(
        """{"eventName":"A\ud800","organizationId":1,"data":{}}""",
        "The body has an escape sequence at byte 13 that is not a valid character."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":1,"data":{"a":"\ud800"}}""",
        "The body has an escape sequence at byte 49 that is not a valid character."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":1,"data":{"a":"\uDC00\uD800"}}""",
        "The body has an escape sequence at byte 49 that is not a valid character."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":1,"data":{"\udfff":1}}""",
        "The body has an escape sequence at byte 45 that is not a valid character."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":1,"data":{"a":["\ud83d\u0041"]}}""",
        "The body has an escape sequence at byte 50 that is not a valid character."
    )]
    [InlineData(
        """{"eventName":"A","organizationId":1,"data":{},"x":"\ud800"}""",
        "The body has an escape sequence at byte 51 that is not a valid character."
    )]
    public void Malformed_body_is_refused_with_a_reason(string body, string problem) => Assert.Equal(problem, Problem(body));

    [Fact]
    public void Body_is_refused_when_it_is_not_UTF_8() =>
        Assert.Equal(
            "The body is not UTF-8.",
            EventEnvelope.Read("{\"eventName\":\"A\","u8.ToArray().Append((byte)0xff).ToArray()).Problem
        );

    [Fact]
    public void Body_is_refused_when_it_is_nested_too_deeply()
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
    public void Organization_of_a_refused_event_is_known_when_it_is_readable(string body, int? organization)
    {
        var envelope = EventEnvelope.Read(Encoding.UTF8.GetBytes(body));

        Assert.NotNull(envelope.Problem);
        Assert.Equal(organization, envelope.Organization?.Value);
        Assert.True(envelope.Payload.IsEmpty);
    }

    [Fact]
    public void Reason_does_not_quote_the_body()
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
    public void Payload_has_the_data_byte_for_byte_and_a_minimally_escaped_name()
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
