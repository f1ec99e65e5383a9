using System.Net;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Receivers that want other credentials than a bearer token.</summary>
public sealed class AuthenticationScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Deliveries_have_the_credentials_and_headers_of_their_subscription()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook, Some.CaseEvent);

        var changed = await subscription.Change(
            new
            {
                authentication = new
                {
                    type = "header",
                    name = "Authorization",
                    value = "Splunk 0123-secret",
                },
                headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Environment"] = "production" },
            }
        );
        var request = await hook.Received(await organization.PublishCase());

        Assert.Equal(new AuthenticationResult("header", Name: "Authorization"), changed.Authentication);
        Assert.Equal(["X-Environment"], changed.HeaderNames);
        Assert.Null(changed.TokenHint);
        Assert.Equal("Splunk 0123-secret", request.Authorization);
        Assert.Equal("production", request.Headers["X-Environment"]);
        Assert.DoesNotContain("0123-secret", await organization.AuditLogText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failing_token_endpoint_is_explained_and_the_event_can_be_resent()
    {
        using var closed = new ClosedPort();
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook, Some.CaseEvent);
        await subscription.Change(
            new
            {
                authentication = new
                {
                    type = "oauth2",
                    tokenUrl = closed.Url,
                    clientId = "client",
                    clientSecret = "client-secret",
                },
            }
        );

        var eventId = await organization.PublishCase();
        var entry = (await organization.Audited("delivery.failed", 1))[0];
        await subscription.Change(new { authentication = new { type = "none" } });
        var resend = await organization.Api.Send(HttpMethod.Post, $"{subscription.Path}/deliveries/{eventId}/resend");
        resend.Expect(HttpStatusCode.Accepted);
        var request = await hook.Received(eventId);

        Assert.Equal("authentication", entry.Error!.Kind);
        Assert.StartsWith(
            "The token endpoint could not be reached: Could not connect to 127.0.0.1:",
            entry.Error.Detail,
            StringComparison.Ordinal
        );
        Assert.Contains("client secret", entry.Error.Hint, StringComparison.Ordinal);
        Assert.Equal("", request.Authorization);
    }
}
