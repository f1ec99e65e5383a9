using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>What a wrong request is told: which status, and a problem detail (RFC 9457) that says what to change.</summary>
public sealed class BadInputScenarios(SharedApp shared) : IClassFixture<SharedApp>
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
    public async Task Subscribing_is_refused_with_every_wrong_field_named_given(string what, string body, string fields)
    {
        var organization = shared.NewOrganization();

        var answer = await organization.Api.Send(HttpMethod.Post, organization.Path + "/subscriptions", body);

        var problem = Problem(answer, HttpStatusCode.BadRequest, what);
        foreach (var field in fields.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.True(
                problem["errors"]?.AsObject().Any(error => error.Key.StartsWith(field, StringComparison.Ordinal)) is true,
                $"{field} is not named: {answer.Text}"
            );
        }

        Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("an unknown event", """{"eventName":"CaseClosedEvnt","data":{}}""", "CaseClosedEvent")]
    [InlineData("missing parameters", """{"eventName":"CaseClosedEvent","data":{}}""", "closedOn")]
    [InlineData("a mistyped parameter", """{"eventName":"CaseArchivedEvent","data":{"id":1,"name":"n"}}""", "id")]
    [InlineData("data that is no object", """{"eventName":"CaseArchivedEvent","data":[]}""", "data")]
    [InlineData("an id with a blank", """{"eventName":"CaseArchivedEvent","data":{"id":"1","name":"n"},"id":"a b"}""", "id")]
    [InlineData("no events", "[]", "")]
    [InlineData(
        "one wrong event among right ones",
        """[{"eventName":"CaseArchivedEvent","data":{"id":"1","name":"n"}},{"eventName":"CaseArchivedEvent","data":{"id":"1"}}]""",
        "1"
    )]
    [InlineData("a truncated body", """[{"eventName":"CaseArch""", "")]
    public async Task Publishing_is_refused_with_what_is_wrong_given(string what, string body, string named)
    {
        var organization = shared.NewOrganization();

        var answer = await organization.Api.Send(HttpMethod.Post, organization.Path + "/events", body);

        Problem(answer, HttpStatusCode.BadRequest, what);
        Assert.Contains(named, answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/subscriptions")]
    [InlineData("/events")]
    public async Task Body_of_2_MiB_is_refused(string path)
    {
        var organization = shared.NewOrganization();
        var body = Encoding.UTF8.GetBytes($$"""{"name":"{{new string('x', 2 * 1024 * 1024)}}"}""");

        var answer = await organization.Api.Send(HttpMethod.Post, organization.Path + path, body, "application/json");

        Problem(answer, HttpStatusCode.RequestEntityTooLarge, path);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task Body_of_another_content_type_is_refused(string? contentType)
    {
        var organization = shared.NewOrganization();

        var answer = await organization.Api.Send(
            HttpMethod.Post,
            organization.Path + "/subscriptions",
            Encoding.UTF8.GetBytes(Valid),
            contentType
        );

        Problem(answer, HttpStatusCode.UnsupportedMediaType, contentType ?? "none");
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
    public async Task List_is_refused_given_a_query_out_of_range(string path)
    {
        var organization = shared.NewOrganization();

        Problem(await organization.Api.Get(organization.Path + path), HttpStatusCode.BadRequest, path);
    }

    [Theory]
    [InlineData("00")]
    [InlineData("-1")]
    [InlineData("2147483648")]
    [InlineData("abc")]
    [InlineData("01")]
    public async Task Organization_that_is_not_a_32_bit_integer_from_0_is_not_found(string id)
    {
        Problem(await shared.App.AsAdmin().Get($"/api/organizations/{id}/subscriptions"), HttpStatusCode.NotFound, id);
    }

    [Theory]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    public async Task Change_is_refused_when_If_Match_is_stale(string method)
    {
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(shared.Receiver.NewHook());
        var stale = subscription.Created.ETag;
        Assert.NotNull(stale);
        (await organization.Api.Send(HttpMethod.Patch, subscription.Path, """{"name":"newer"}""", ifMatch: stale)).Expect(
            HttpStatusCode.OK
        );

        var body = method == "PATCH" ? """{"name":"older"}""" : null;
        var answer = await organization.Api.Send(new HttpMethod(method), subscription.Path, body, ifMatch: stale);

        Problem(answer, HttpStatusCode.PreconditionFailed, method);
        Assert.Equal("newer", (string)(await organization.Api.Get(subscription.Path)).Json["name"]!);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("es_nobody_0000")]
    [InlineData("not a key at all")]
    public async Task Request_is_refused_without_a_known_key(string? key)
    {
        var organization = shared.NewOrganization();

        Problem(await shared.App.As(key).Get(organization.Path + "/subscriptions"), HttpStatusCode.Unauthorized, key ?? "none");
    }

    [Theory]
    [InlineData("read", "POST", "/subscriptions")]
    [InlineData("read", "POST", "/events")]
    [InlineData("publish", "GET", "/subscriptions")]
    [InlineData("publish", "GET", "/audit-logs")]
    [InlineData("manage", "GET", "/api/keys")]
    [InlineData("manage", "GET", "/api/audit-logs")]
    public async Task Request_is_refused_when_the_key_has_another_role(string role, string method, string path)
    {
        var organization = shared.NewOrganization();
        var key = await Keys.Create(shared.App, role, organization.Id);

        var answer = await shared
            .App.As(key)
            .Send(
                new HttpMethod(method),
                path.StartsWith("/api", StringComparison.Ordinal) ? path : organization.Path + path,
                method == "POST" ? Valid : null
            );

        Problem(answer, HttpStatusCode.Forbidden, role);
    }

    [Fact]
    public async Task Unknown_route_is_an_empty_404()
    {
        var answer = await shared.App.AsAdmin().Get("/api/no-such-thing");

        Assert.Equal("", answer.Expect(HttpStatusCode.NotFound).Text);
    }

    [Theory]
    [InlineData("PUT", "/api/event-types")]
    [InlineData("OPTIONS", "/api/health")]
    [InlineData("POST", "/api/audit-logs")]
    public async Task Unknown_method_is_405(string method, string path)
    {
        var answer = await shared.App.AsAdmin().Send(new HttpMethod(method), path);

        Assert.Equal("This path supports GET, HEAD.", (string)Problem(answer, HttpStatusCode.MethodNotAllowed, method)["detail"]!);
    }

    [Fact]
    public async Task Replay_begins_with_the_archive_when_it_asks_for_what_was_before()
    {
        var subscription = await shared.NewOrganization().Subscribe(shared.Receiver.NewHook());

        foreach (
            var times in (string[])
                ["\"from\":\"0001-01-01T00:00:00Z\"", "\"from\":\"1600-12-31T23:59:59Z\",\"to\":\"1601-01-01T00:00:00Z\""]
        )
        {
            var answer = await subscription.Organization.Api.Send(
                HttpMethod.Post,
                subscription.Path + "/replays",
                $$"""{{{times}},"dryRun":true}"""
            );

            var from = DateTimeOffset.Parse(
                (string)answer.Expect(HttpStatusCode.Accepted).Json["from"]!,
                System.Globalization.CultureInfo.InvariantCulture
            );
            Assert.InRange(from, DateTimeOffset.UtcNow.AddDays(-30).AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(-30).AddMinutes(5));
            Assert.Equal("completed", (string)(await ReplayRuns.Ended(subscription, (string)answer.Json["id"]!))["state"]!);
        }
    }

    [Theory]
    [InlineData("https://אתר1.example/")]
    [InlineData("https://üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü.example/")]
    public async Task Host_that_IDNA_refuses_is_a_mistake_in_the_url(string url)
    {
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(shared.Receiver.NewHook());

        Assert.NotNull(
            Problem(
                await organization.Api.Send(HttpMethod.Patch, subscription.Path, $$"""{"url":"{{url}}"}"""),
                HttpStatusCode.BadRequest,
                url
            )["errors"]!["url"]
        );
    }

    [Theory]
    [InlineData("😀", 2029, "😁")]
    [InlineData("漢", 2000, "字")]
    public async Task Texts_of_the_longest_lengths_are_taken_and_audited(string letter, int urlLength, string other)
    {
        var organization = shared.NewOrganization();
        string Body(string text) =>
            new JsonObject
            {
                ["name"] = Repeat(text, 128),
                ["description"] = Repeat(text, 1024),
                ["url"] = "https://e.example/" + Repeat(text, urlLength),
                ["token"] = new string('t', 4096),
                ["events"] = new JsonArray("*"),
            }.ToJsonString();

        var created = (await organization.Api.Send(HttpMethod.Post, organization.Path + "/subscriptions", Body(letter))).Expect(
            HttpStatusCode.Created
        );
        (await organization.Api.Send(HttpMethod.Patch, $"{organization.Path}/subscriptions/{created.Json["id"]}", Body(other))).Expect(
            HttpStatusCode.OK
        );

        Assert.Equal(
            ["subscription.updated", "subscription.created"],
            (await organization.AuditLog()).Select(entry => (string)entry["type"]!)
        );

        static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
    }

    [Fact]
    public async Task Health_is_told_whatever_a_monitor_appends()
    {
        (await shared.App.As(null).Get("/api/health?_=1")).Expect(HttpStatusCode.OK);
        Assert.Equal("", (await shared.App.As(null).Send(HttpMethod.Head, "/api/health?_=1")).Expect(HttpStatusCode.OK).Text);
    }

    [Fact]
    public async Task Change_is_made_when_a_proxy_has_weakened_the_tag()
    {
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(shared.Receiver.NewHook());

        (
            await organization.Api.Send(
                HttpMethod.Patch,
                subscription.Path,
                """{"name":"newer"}""",
                ifMatch: "W/" + subscription.Created.ETag
            )
        ).Expect(HttpStatusCode.OK);
    }

    private static JsonNode Problem(Answer answer, HttpStatusCode status, string what)
    {
        Assert.True(answer.Status == status, $"{what}: {(int)answer.Status} {answer.Text}");
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.Equal((int)status, (int)answer.Json["status"]!);
        Assert.False(string.IsNullOrWhiteSpace((string?)answer.Json["title"]), answer.Text);
        Assert.False(string.IsNullOrWhiteSpace((string?)answer.Json["detail"]) && answer.Json["errors"] is null, answer.Text);
        return answer.Json;
    }
}
