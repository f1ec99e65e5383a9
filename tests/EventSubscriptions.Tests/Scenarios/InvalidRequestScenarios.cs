using System.Net;
using System.Text;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Requests with invalid bodies and queries.</summary>
public sealed class InvalidRequestScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    private const string Valid = """{"name":"n","url":"https://example.com/hook","token":"token-0123456789","events":["*"]}""";

    [Theory]
    [InlineData("malformed JSON", """{"name":""", "")]
    [InlineData("not an object", "[]", "")]
    [InlineData("an empty body", "", "")]
    [InlineData("wrong types", """{"name":5,"url":"https://example.com/hook","token":"token-0123456789","events":"*"}""", "name,events")]
    [InlineData(
        "an unknown member",
        """{"name":"n","url":"https://example.com/hook","token":"token-0123456789","events":["*"],"colour":"red"}""",
        "colour"
    )]
    [InlineData("missing members", """{"name":"n"}""", "url,token,events")]
    [InlineData("a relative URL", """{"name":"n","url":"/hook","token":"token-0123456789","events":["*"]}""", "url")]
    [InlineData(
        "a URL with user info",
        """{"name":"n","url":"https://me:secret@example.com/hook","token":"token-0123456789","events":["*"]}""",
        "url"
    )]
    [InlineData(
        "a URL with a fragment",
        """{"name":"n","url":"https://example.com/hook#here","token":"token-0123456789","events":["*"]}""",
        "url"
    )]
    [InlineData(
        "a URL of another scheme",
        """{"name":"n","url":"ftp://example.com/hook","token":"token-0123456789","events":["*"]}""",
        "url"
    )]
    [InlineData(
        "a token with a line break",
        """{"name":"n","url":"https://example.com/hook","token":"token\n0123456789","events":["*"]}""",
        "token"
    )]
    [InlineData("an empty token", """{"name":"n","url":"https://example.com/hook","token":"","events":["*"]}""", "token")]
    [InlineData(
        "an unknown event",
        """{"name":"n","url":"https://example.com/hook","token":"token-0123456789","events":["CaseClosedEvnt"]}""",
        "events"
    )]
    [InlineData("no events", """{"name":"n","url":"https://example.com/hook","token":"token-0123456789","events":[]}""", "events")]
    [InlineData(
        "a member twice",
        """{"name":"n","name":"m","url":"https://example.com/hook","token":"token-0123456789","events":["*"]}""",
        ""
    )]
    [InlineData(
        "a rate out of range",
        """{"name":"n","url":"https://example.com/hook","token":"token-0123456789","events":["*"],"rateLimitPerSecond":0}""",
        "rateLimitPerSecond"
    )]
    public async Task Subscription_is_refused_with_an_error_for_each_invalid_field_given(string what, string body, string fields)
    {
        var organization = shared.NewOrganization();

        var response = await organization.Api.Send(HttpMethod.Post, organization.Path + "/subscriptions", body);

        var problem = Problems.Expect(response, HttpStatusCode.BadRequest, what);
        foreach (var field in fields.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.True(
                problem.Errors?.Keys.Any(name => name.StartsWith(field, StringComparison.Ordinal)) is true,
                $"{field} is not named: {response.Text}"
            );
        }

        Assert.DoesNotContain("secret", response.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("an unknown event", """{"eventName":"CaseClosedEvnt","data":{}}""", "CaseClosedEvent")]
    [InlineData("missing parameters", """{"eventName":"CaseClosedEvent","data":{}}""", "closedOn")]
    [InlineData("a mistyped parameter", """{"eventName":"CaseArchivedEvent","data":{"id":1,"name":"n"}}""", "id")]
    [InlineData("data that is not an object", """{"eventName":"CaseArchivedEvent","data":[]}""", "data")]
    [InlineData("an id with a blank", """{"eventName":"CaseArchivedEvent","data":{"id":"1","name":"n"},"id":"a b"}""", "id")]
    [InlineData("no events", "[]", "")]
    [InlineData(
        "one wrong event among right ones",
        """[{"eventName":"CaseArchivedEvent","data":{"id":"1","name":"n"}},{"eventName":"CaseArchivedEvent","data":{"id":"1"}}]""",
        "1"
    )]
    [InlineData("a truncated body", """[{"eventName":"CaseArch""", "")]
    public async Task Event_is_refused_with_the_invalid_field_given(string what, string body, string named)
    {
        var organization = shared.NewOrganization();

        var response = await organization.Api.Send(HttpMethod.Post, organization.Path + "/events", body);

        Problems.Expect(response, HttpStatusCode.BadRequest, what);
        Assert.Contains(named, response.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/subscriptions")]
    [InlineData("/events")]
    public async Task Body_of_2_MiB_is_refused(string path)
    {
        var organization = shared.NewOrganization();
        var body = Encoding.UTF8.GetBytes($$"""{"name":"{{new string('x', 2 * 1024 * 1024)}}"}""");

        var response = await organization.Api.Send(HttpMethod.Post, organization.Path + path, body, "application/json");

        Problems.Expect(response, HttpStatusCode.RequestEntityTooLarge, path);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task Body_of_another_content_type_is_refused(string? contentType)
    {
        var organization = shared.NewOrganization();

        var response = await organization.Api.Send(
            HttpMethod.Post,
            organization.Path + "/subscriptions",
            Encoding.UTF8.GetBytes(Valid),
            contentType
        );

        Problems.Expect(response, HttpStatusCode.UnsupportedMediaType, contentType ?? "none");
    }

    [Theory]
    [InlineData("/subscriptions?pageSize=0")]
    [InlineData("/subscriptions?pageSize=1001")]
    [InlineData("/subscriptions?pageSize=many")]
    [InlineData("/subscriptions?continuationToken=nonsense")]
    [InlineData("/subscriptions?isActive=perhaps")]
    [InlineData("/audit-logs?pageSize=0")]
    [InlineData("/audit-logs?from=yesterday")]
    [InlineData("/audit-logs?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z")]
    [InlineData("/audit-logs?continuationToken=%00")]
    [InlineData("/audit-logs?subscriptionId=nonsense")]
    public async Task List_is_refused_when_its_query_is_invalid(string path)
    {
        var organization = shared.NewOrganization();

        Problems.Expect(await organization.Api.Get(organization.Path + path), HttpStatusCode.BadRequest, path);
    }

    [Theory]
    [InlineData("https://אתר1.example/")]
    [InlineData("https://üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü.example/")]
    public async Task Url_is_a_field_error_when_IDNA_refuses_its_host(string url)
    {
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(shared.Receiver.NewHook());

        var response = await organization.Api.Send(HttpMethod.Patch, subscription.Path, $$"""{"url":"{{url}}"}""");

        Assert.Contains("url", Problems.Expect(response, HttpStatusCode.BadRequest, url).Errors!.Keys);
    }
}
