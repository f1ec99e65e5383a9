using System.Net;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>What the app says of itself, and to whom.</summary>
public sealed class AppHealthScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Health_has_the_status_only_for_callers_without_a_key()
    {
        var response = (await shared.App.As(null).Get("/api/health")).Expect(HttpStatusCode.OK);

        Assert.Equal("""{"status":"healthy"}""", response.Text);
    }

    [Fact]
    public async Task Health_shows_the_permissions_of_the_key()
    {
        var organization = shared.NewOrganization();
        var bound = shared.App.As(await Keys.Create(shared.App, "manage", organization.Id));

        Assert.Equal(new CallerResult("admin"), await Caller(shared.App.AsAdmin()));
        Assert.Equal(new CallerResult("manage", organization.Id), await Caller(bound));
    }

    [Fact]
    public async Task Root_redirects_to_the_portal()
    {
        Assert.Equal("text/html", (await shared.App.As(null).Get("/")).Expect(HttpStatusCode.OK).ContentType);
        (await shared.App.As(null).Get("/x")).Expect(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Health_returns_401_when_the_key_is_unknown()
    {
        (await shared.App.As("es_nobody").Get("/api/health")).Expect(HttpStatusCode.Unauthorized);
    }

    private static async Task<CallerResult?> Caller(Api api) => (await api.Get<HealthResult>("/api/health")).Caller;
}
