using System.Net;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class IsolationScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Event_reaches_its_own_organization_alone_when_another_uses_the_same_id()
    {
        var (first, second) = (shared.NewOrganization(), shared.NewOrganization());
        var (firstHook, secondHook) = (shared.Receiver.NewHook(), shared.Receiver.NewHook());
        await first.Subscribe(firstHook);
        await second.Subscribe(secondHook);

        await first.PublishCase("of-the-first", eventId: "same-id");
        await second.PublishCase("of-the-second", eventId: "same-id");
        await firstHook.Received(await first.PublishCase("last", eventId: "last"));
        await secondHook.Received(await second.PublishCase("last", eventId: "last"));
        await firstHook.Received("same-id");
        await secondHook.Received("same-id");

        Assert.Equal(["last", "of-the-first"], CaseIds(firstHook), StringComparer.Ordinal);
        Assert.Equal(["last", "of-the-second"], CaseIds(secondHook), StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/subscriptions")]
    [InlineData("GET", "/subscriptions/{id}")]
    [InlineData("PATCH", "/subscriptions/{id}")]
    [InlineData("DELETE", "/subscriptions/{id}")]
    [InlineData("GET", "/subscriptions/{id}/deliveries")]
    [InlineData("GET", "/audit-logs")]
    [InlineData("POST", "/events")]
    [InlineData("POST", "/subscriptions")]
    public async Task Key_of_one_organization_sees_nothing_of_another(string method, string path)
    {
        var (mine, other) = (shared.NewOrganization(), shared.NewOrganization());
        var subscription = await other.Subscribe(shared.Receiver.NewHook());
        var key = await Keys.Create(shared.App, "manage", mine.Id);

        var body = method is "POST" or "PATCH" ? "{}" : null;
        var response = await shared
            .App.As(key)
            .Send(new HttpMethod(method), other.Path + path.Replace("{id}", subscription.Id, StringComparison.Ordinal), body);

        response.Expect(HttpStatusCode.NotFound);
        Assert.DoesNotContain(subscription.Id, response.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subscription_is_not_found_under_another_organization()
    {
        var (mine, other) = (shared.NewOrganization(), shared.NewOrganization());
        var subscription = await other.Subscribe(shared.Receiver.NewHook());

        (await mine.Api.Get($"{mine.Path}/subscriptions/{subscription.Id}")).Expect(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Key_works_within_its_organization_until_it_is_revoked()
    {
        var organization = shared.NewOrganization();
        var created = await Keys.Issue(shared.App, "manage", organization.Id);
        var mine = organization.SeenBy(shared.App.As(created.Key));
        var hook = shared.Receiver.NewHook();

        await mine.Subscribe(hook);
        await hook.Received(await mine.PublishCase());
        (await shared.App.AsAdmin().Delete($"/api/keys/{created.Id}")).Expect(HttpStatusCode.NoContent);

        await Eventually.Until(
            async () => (await mine.Api.Get(mine.Path + "/subscriptions")).Status == HttpStatusCode.Unauthorized,
            () => "the revoked key is refused",
            TimeSpan.FromSeconds(10)
        );
    }

    private static IEnumerable<string> CaseIds(Hook hook) =>
        hook.Requests.Select(request => request.Payload.Data.GetProperty("id").GetString()!).Order(StringComparer.Ordinal);
}
