using System.Net;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Receivers that want a token of a managed identity.</summary>
public sealed class ManagedIdentityScenarios
{
    private const string ClientId = "11111111-2222-3333-4444-555555555555";

    [Fact]
    public async Task Deliveries_have_a_token_of_the_identity_for_hosts_that_the_settings_name()
    {
        await using var platform = await IdentityEndpoint.Start();
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start(
            ("IDENTITY_ENDPOINT", platform.Url),
            ("IDENTITY_HEADER", "header-of-the-platform"),
            ("Deliveries__ManagedIdentities__0__Resource", "api://receiver"),
            ("Deliveries__ManagedIdentities__0__ClientId", ClientId),
            ("Deliveries__ManagedIdentities__0__Hosts", "localhost"),
            ("Deliveries__RetrySchedule", "00:00:01")
        );
        var organization = Organization.New(app);
        var hook = receiver.NewHook().Responds(401, 200);
        var url = hook.Url.ToString().Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        var subscription = await organization.Subscribe(receiver.NewHook());

        var elsewhere = await organization.Api.Patch(subscription.Path, Change(hook.Url.ToString(), "api://receiver"));
        var unknown = await organization.Api.Patch(subscription.Path, Change(url, "api://other"));
        var changed = (await organization.Api.Patch(subscription.Path, Change(url, "api://receiver"))).Expect(HttpStatusCode.OK);
        var eventId = await organization.PublishCase();
        await subscription.Attempted("delivered", 1);

        Assert.Equal(["authentication.resource"], elsewhere.Expect(HttpStatusCode.BadRequest).Read<ProblemResult>().Errors!.Keys);
        Assert.Equal(["authentication.resource"], unknown.Expect(HttpStatusCode.BadRequest).Read<ProblemResult>().Errors!.Keys);
        Assert.Equal(
            new AuthenticationResult("managedIdentity", Resource: "api://receiver"),
            changed.Read<SubscriptionResult>().Authentication
        );
        // The first was rejected, and renewed within the same attempt.
        Assert.Equal(["Bearer token-1", "Bearer token-2"], hook.Requests.Select(request => request.Authorization));
        Assert.Equal(eventId, Assert.Single(await subscription.Attempts()).EventId);
        Assert.All(platform.Queries, query => Assert.Contains($"client_id={ClientId}", query, StringComparison.Ordinal));
        Assert.DoesNotContain("token-1", app.Output, StringComparison.Ordinal);
    }

    private static object Change(string url, string resource) => new { url, authentication = new { type = "managedIdentity", resource } };
}
