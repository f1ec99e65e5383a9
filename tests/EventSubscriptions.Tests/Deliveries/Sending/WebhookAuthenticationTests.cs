using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Destinations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;

namespace EventSubscriptions.Tests.Deliveries.Sending;

public sealed class WebhookAuthenticationTests : WebhookSenderTestBase
{
    private const string ClientSecret = "client s3cret/with+signs";

    [Fact]
    public async Task Basic_sends_the_user_name_and_the_password()
    {
        // RFC 7617 §2.1 has this example.
        var head = await HeadOf(new SubscriptionAuthentication.Basic("test", new Secret("123£")));

        Assert.Contains("Authorization: Basic dGVzdDoxMjPCow==", head);
    }

    [Fact]
    public async Task Header_is_sent_as_it_is()
    {
        Assert.Contains("X-Api-Key: key 1", await HeadOf(new SubscriptionAuthentication.Header("X-Api-Key", new Secret("key 1"))));
        Assert.Contains(
            "Authorization: Splunk 1234",
            await HeadOf(new SubscriptionAuthentication.Header("Authorization", new Secret("Splunk 1234")))
        );
    }

    [Fact]
    public async Task None_sends_no_authorization() =>
        Assert.DoesNotContain(
            await HeadOf(new SubscriptionAuthentication.None()),
            line => line.StartsWith("Authorization", StringComparison.OrdinalIgnoreCase)
        );

    [Fact]
    public async Task Snippet_has_no_part_of_a_header_that_may_be_a_key()
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok("token was: key-0123456789 of Bearer"));
        var changes = new Dictionary<string, Secret?>(StringComparer.Ordinal) { ["X-Key"] = new("Bearer key-0123456789") };

        var result = await Send(Subscription(receiver.Url) with { Headers = SubscriptionHeaders.None.With(changes) });

        Assert.Equal("token was: *** of ***", result.ResponseSnippet);
    }

    [Fact]
    public async Task Headers_of_the_subscription_are_sent()
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok("value-of-a-header"));
        var changes = new Dictionary<string, Secret?>(StringComparer.Ordinal) { ["X-Environment"] = new("value-of-a-header") };

        var result = await Send(Subscription(receiver.Url) with { Headers = SubscriptionHeaders.None.With(changes) });

        Assert.Contains("X-Environment: value-of-a-header", Assert.Single(receiver.Requests).Head.Split("\r\n"));
        Assert.Equal("***", result.ResponseSnippet);
    }

    [Theory]
    [InlineData("s3cret-password", "***")]
    [InlineData("dXNlcjpzM2NyZXQtcGFzc3dvcmQ=", "***")]
    public async Task Snippet_has_no_password(string echo, string snippet)
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok(echo));

        var authentication = new SubscriptionAuthentication.Basic("user", new Secret("s3cret-password"));
        var result = await Send(Subscription(receiver.Url) with { Authentication = authentication });

        Assert.Equal(snippet, result.ResponseSnippet!.TrimEnd('='));
    }

    [Fact]
    public async Task Snippet_and_location_have_no_part_of_a_secret_url()
    {
        await using var receiver = new RawReceiver(
            "HTTP/1.1 302 Found\r\nLocation: /hooks/s3cret%20path/2\r\nContent-Length: 28\r\n\r\nno hooks/s3cret path/x today"
        );
        var url = new Uri(receiver.Url, "/hooks/s3cret%20path");

        var result = await Send(Subscription(url) with { UrlIsSecret = true });

        Assert.Equal(("/hooks/***/2", "no hooks/***/x today"), (result.Location, result.ResponseSnippet));
    }

    [Theory]
    [InlineData(ClientAuthentication.Basic)]
    [InlineData(ClientAuthentication.Body)]
    public async Task Access_token_is_requested_once_and_sent(ClientAuthentication method)
    {
        await using var server = new TokenServer();
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));
        var subscription = WithTokens(receiver.Url, server, method);
        var sender = Sender();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Send(subscription, sender)));
        await Send(subscription with { Name = "Changed" }, sender);

        Assert.All(receiver.Requests, request => Assert.Contains("Authorization: Bearer token-1", request.Head, StringComparison.Ordinal));
        var asked = Assert.Single(server.Requests);
        var isBasic = method == ClientAuthentication.Basic;
        Assert.Equal(isBasic ? "Basic Y2xpZW50JTNBMTpjbGllbnQrczNjcmV0JTJGd2l0aCUyQnNpZ25z" : "", asked.Authorization);
        Assert.Equal(
            "grant_type=client_credentials&scope=events&audience=aud"
                + (isBasic ? "" : "&client_id=client%3A1&client_secret=client+s3cret%2Fwith%2Bsigns"),
            asked.Body
        );
    }

    [Fact]
    public async Task Access_token_is_renewed_when_it_expires()
    {
        await using var server = new TokenServer { ExpiresIn = 0 };
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));
        var sender = Sender();

        await Send(WithTokens(receiver.Url, server), sender);
        await Send(WithTokens(receiver.Url, server), sender);

        Assert.Equal(2, server.Requests.Count);
        Assert.Contains("Bearer token-2", receiver.Requests[1].Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Access_token_is_renewed_once_when_the_receiver_rejects_it()
    {
        await using var server = new TokenServer();
        await using var receiver = new RawReceiver("HTTP/1.1 401 Unauthorized\r\nContent-Length: 16\r\n\r\ntoken-2 rejected");

        var result = await Send(WithTokens(receiver.Url, server));

        Assert.Equal((401, "*** rejected"), (result.StatusCode, result.ResponseSnippet));
        Assert.Equal(["token-1", "token-2"], receiver.Requests.Select(request => TokenOf(request.Head)));
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Access_token_is_requested_again_when_the_authentication_changes()
    {
        await using var server = new TokenServer();
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));
        var sender = Sender();

        await Send(WithTokens(receiver.Url, server), sender);
        await Send(WithTokens(receiver.Url, server, ClientAuthentication.Body), sender);

        Assert.Equal(["token-1", "token-2"], receiver.Requests.Select(request => TokenOf(request.Head)));
    }

    [Theory]
    [InlineData(401, """{"error":"invalid_client"}""", "The token endpoint returned 401 Unauthorized (invalid_client).")]
    [InlineData(400, """{"error":"client s3cret/with+signs"}""", "The token endpoint returned 400 Bad Request.")]
    [InlineData(400, """{"error":"CLIENTSECRET1"}""", "The token endpoint returned 400 Bad Request.")]
    [InlineData(302, "", "The token endpoint returned 302 Found.")]
    [InlineData(200, "<html>", "The response of the token endpoint has no access_token that can be sent in a header.")]
    [InlineData(
        200,
        """{"access_token":"a\r\nb"}""",
        "The response of the token endpoint has no access_token that can be sent in a header."
    )]
    [InlineData(200, """{"access_token":"\ud800"}""", "The response of the token endpoint has invalid text.")]
    [InlineData(200, """{"access_token":"a","expires_in":"\ud800"}""", "The response of the token endpoint has invalid text.")]
    [InlineData(
        200,
        """{"access_token":"a","token_type":"mac"}""",
        "The token endpoint returned a token_type other than Bearer, which is not supported."
    )]
    public async Task Attempt_fails_when_there_is_no_access_token(int status, string body, string detail)
    {
        await using var server = new TokenServer { Status = status, Body = body };
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));

        var result = await Send(WithTokens(receiver.Url, server));

        Assert.Equal(new DeliveryError(ErrorKind.Authentication, detail), result.Error);
        Assert.Null(result.StatusCode);
        Assert.Empty(receiver.Requests);
    }

    [Fact]
    public async Task Attempt_fails_when_the_token_endpoint_hangs()
    {
        await using var server = new TokenServer { Delay = TimeSpan.FromSeconds(60) };

        var result = await Send(WithTokens(new Uri("http://127.0.0.1:8123/"), server), Sender(TimeSpan.FromMilliseconds(300)));

        Assert.Equal(new DeliveryError(ErrorKind.Authentication, "The token endpoint did not respond in time."), result.Error);
    }

    [Fact]
    public async Task Attempt_fails_when_the_token_endpoint_is_a_blocked_address()
    {
        await using var server = new TokenServer();

        var result = await Send(WithTokens(new Uri("https://example.com/"), server), Sender(insecure: false));

        Assert.Equal(ErrorKind.Authentication, result.Error!.Kind);
        Assert.StartsWith("The URL of the token endpoint must start with https://", result.Error.Detail, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Failed_request_for_an_access_token_is_not_cached()
    {
        await using var server = new TokenServer { Status = 500 };
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));
        var sender = Sender();
        await Send(WithTokens(receiver.Url, server), sender);
        server.Status = 200;

        Assert.Equal(200, (await Send(WithTokens(receiver.Url, server), sender)).StatusCode);
    }

    private async Task<string[]> HeadOf(SubscriptionAuthentication authentication)
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));
        await Send(Subscription(receiver.Url) with { Authentication = authentication });
        return Assert.Single(receiver.Requests).Head.Split("\r\n");
    }

    private static string TokenOf(string head) =>
        head.Split("\r\n").Single(line => line.StartsWith("Authorization: ", StringComparison.Ordinal))["Authorization: Bearer ".Length..];

    private static Subscription WithTokens(Uri receiver, TokenServer server, ClientAuthentication method = ClientAuthentication.Basic) =>
        Subscription(receiver) with
        {
            Authentication = new SubscriptionAuthentication.OAuth2(
                server.Url,
                "client:1",
                new Secret(ClientSecret),
                "events",
                "aud",
                method
            ),
        };
}
