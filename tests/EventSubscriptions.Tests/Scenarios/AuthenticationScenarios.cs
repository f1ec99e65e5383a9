using EventSubscriptions.Tests.Deliveries.Sending;
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
    public async Task Failing_token_endpoint_is_explained_and_retried()
    {
        await using var server = new TokenServer { Status = 401, Body = """{"error":"invalid_client"}""" };
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook, Some.CaseEvent);
        await subscription.Change(
            new
            {
                retrySchedule = (string[])["00:00:01", "00:00:05", "00:00:10", "00:00:15"],
                authentication = new
                {
                    type = "oauth2",
                    tokenUrl = server.Url,
                    clientId = "client",
                    clientSecret = "client-secret",
                },
            }
        );

        var eventId = await organization.PublishCase();
        var entry = (await organization.Audited("delivery.failed", 1))[0];
        (server.Status, server.Body) = (200, null);
        var request = await hook.Received(eventId);

        Assert.Equal(
            ("authentication", "The token endpoint returned 401 Unauthorized (invalid_client)."),
            (entry.Error!.Kind, entry.Error.Detail)
        );
        Assert.Contains("client secret", entry.Error.Hint, StringComparison.Ordinal);
        Assert.StartsWith("Bearer token-", request.Authorization, StringComparison.Ordinal);
    }
}
