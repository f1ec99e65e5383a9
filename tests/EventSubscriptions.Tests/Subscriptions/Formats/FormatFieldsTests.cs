using System.Text;
using System.Text.Json;
using EventSubscriptions.Http;
using EventSubscriptions.Subscriptions.Formats;

namespace EventSubscriptions.Tests.Subscriptions.Formats;

public sealed class FormatFieldsTests
{
    [Theory]
    [InlineData("""{"type":"standard"}""", "standard")]
    [InlineData("""{"type":"cloudEvents"}""", "cloudEvents")]
    [InlineData("""{"type":"template","body":"{{ eventName | json }}"}""", "template")]
    [InlineData("""{"type":"template","preset":"slack"}""", "template")]
    [InlineData(
        """{"type":"template","body":"<x>{{ data.name }}</x>","contentType":"application/xml","secrets":{"a":"1","B_2":"2"}}""",
        "template"
    )]
    public void Format_is_stored_as_it_was_given(string json, string type)
    {
        var format = Read(json, out var errors);

        Assert.Empty(errors);
        Assert.Equal(type, format!.Type.ToName());
        Assert.Equal(format, FormatFields.Parse(FormatFields.Write(format)));
    }

    [Theory]
    [InlineData("""{"type":"template"}""", "format.body", "is required")]
    [InlineData("""{"type":"template","body":""}""", "format.body", "must be 1 to")]
    [InlineData("""{"type":"template","body":"{{ x"}""", "format.body", "is not a valid template")]
    [InlineData("""{"type":"template","preset":"slak"}""", "format.preset", "did you mean 'slack'?")]
    [InlineData("""{"type":"template","body":"1","contentType":"json"}""", "format.contentType", "must be a media type in UTF-8")]
    [InlineData(
        """{"type":"template","body":"1","contentType":"text/plain; charset=latin1"}""",
        "format.contentType",
        "must be a media type"
    )]
    [InlineData("""{"type":"template","body":"1","contentType":"multipart/form-data"}""", "format.contentType", "must be a media type")]
    [InlineData("""{"type":"template","body":"1","secrets":{"a b":"1"}}""", "format.secrets.a b", "must have a name of")]
    [InlineData("""{"type":"template","body":"1","secrets":{"a":""}}""", "format.secrets.a", "must be 1 to 2048 characters long")]
    [InlineData("""{"type":"template","body":"1","secrets":{"a":"***"}}""", "format.secrets.a", "must be given in full")]
    [InlineData("""{"type":"template","body":"1","secrets":{"a":1}}""", "format.secrets.a", "must be a string")]
    [InlineData("""{"type":"template","body":"1","secrets":[]}""", "format.secrets", "must be an object")]
    [InlineData(
        """{"type":"template","body":"1","secrets":{"a":"1","b":"1","c":"1","d":"1","e":"1","f":"1","g":"1","h":"1","i":"1"}}""",
        "format.secrets",
        "must have at most 8 entries"
    )]
    [InlineData("""{"type":"template","preset":"pagerDuty"}""", "format.secrets.routingKey", "is required, because the template uses it")]
    [InlineData("""{"type":"xml"}""", "format.type", "must be one of standard, cloudEvents, template")]
    [InlineData("""{"type":"cloudEvents","body":"1"}""", "format.body", "is unknown")]
    [InlineData("[]", "format", "must be an object")]
    public void Mistake_is_reported_at_its_field(string json, string field, string expected)
    {
        var format = Read(json, out var errors);

        Assert.Contains(errors, error => error.Key == field && error.Value.Any(text => text.Contains(expected, StringComparison.Ordinal)));
        Assert.True(format is null || errors.Count > 0);
    }

    [Fact]
    public void CloudEvent_has_the_attributes_of_the_event()
    {
        var content = Given.EventContent("""{"eventName":"CaseCreatedEvent","organizationId":1,"data":{"name":"x", "n":1.0}}""");

        var body = new SubscriptionFormat.CloudEvents().Compose(content, new TestClock());

        Assert.Equal("application/cloudevents+json", body.ContentType.ToString());
        Assert.Equal(
            """{"specversion":"1.0","id":"evt_1","source":"/organizations/1","type":"CaseCreatedEvent","time":"2026-01-31T08:30:00.123Z","datacontenttype":"application/json","data":{"name":"x", "n":1.0}}""",
            Encoding.UTF8.GetString(body.Bytes.Span)
        );
    }

    private static SubscriptionFormat? Read(string json, out IReadOnlyDictionary<string, string[]> errors)
    {
        var fields = new FieldErrors();
        var request = JsonElement.Parse($$"""{"format":{{json}}}""");
        var format = FormatFields.Read(new FieldReader(request, fields));
        errors = fields.ByField();
        return format;
    }
}
