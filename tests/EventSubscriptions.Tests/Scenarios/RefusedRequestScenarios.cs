using System.Net;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Requests without permission, for unknown resources and for stale versions.</summary>
public sealed class RefusedRequestScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    private const string Valid = """{"name":"n","url":"https://example.com/hook","token":"token-0123456789","events":["*"]}""";

    [Theory]
    [InlineData("00")]
    [InlineData("-1")]
    [InlineData("2147483648")]
    [InlineData("abc")]
    [InlineData("01")]
    public async Task Organization_is_not_found_when_its_id_is_not_a_32_bit_integer_from_0(string id)
    {
        Problems.Expect(await shared.App.AsAdmin().Get($"/api/organizations/{id}/subscriptions"), HttpStatusCode.NotFound, id);
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
        var response = await organization.Api.Send(new HttpMethod(method), subscription.Path, body, ifMatch: stale);

        Problems.Expect(response, HttpStatusCode.PreconditionFailed, method);
        Assert.Equal("newer", (await subscription.Get()).Name);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("es_unknown_0000")]
    [InlineData("not a key at all")]
    public async Task Request_is_refused_when_its_key_is_unknown(string? key)
    {
        var organization = shared.NewOrganization();

        Problems.Expect(await shared.App.As(key).Get(organization.Path + "/subscriptions"), HttpStatusCode.Unauthorized, key ?? "none");
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

        var response = await shared
            .App.As(key)
            .Send(
                new HttpMethod(method),
                path.StartsWith("/api", StringComparison.Ordinal) ? path : organization.Path + path,
                method == "POST" ? Valid : null
            );

        Problems.Expect(response, HttpStatusCode.Forbidden, role);
    }

    [Fact]
    public async Task Unknown_route_returns_404_without_a_body()
    {
        var response = await shared.App.AsAdmin().Get("/api/unknown");

        Assert.Equal("", response.Expect(HttpStatusCode.NotFound).Text);
    }

    [Theory]
    [InlineData("PUT", "/api/event-types")]
    [InlineData("OPTIONS", "/api/health")]
    [InlineData("POST", "/api/audit-logs")]
    public async Task Unknown_method_returns_405(string method, string path)
    {
        var response = await shared.App.AsAdmin().Send(new HttpMethod(method), path);

        Assert.Equal("This path supports GET, HEAD.", Problems.Expect(response, HttpStatusCode.MethodNotAllowed, method).Detail);
    }
}
