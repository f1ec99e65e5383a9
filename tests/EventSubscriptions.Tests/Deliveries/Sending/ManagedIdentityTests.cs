using System.Collections.Concurrent;
using Azure.Core;
using Azure.Identity;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Destinations;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Deliveries.Sending;

public sealed class ManagedIdentityTests : WebhookSenderTestBase
{
    private const string Resource = "api://receiver";

    private readonly FakeCredential _credential = new();

    [Fact]
    public async Task Token_is_requested_once_and_sent()
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok("token-1"));
        var subscription = With(receiver.Url);
        var sender = Sender();

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Send(subscription, sender)));

        Assert.All(results, result => Assert.Equal("***", result.ResponseSnippet));
        Assert.All(receiver.Requests, request => Assert.Contains("Authorization: Bearer token-1", request.Head, StringComparison.Ordinal));
        var (clientId, request) = Assert.Single(_credential.Requests);
        Assert.Equal(("11111111-2222-3333-4444-555555555555", Resource + "/.default"), (clientId, Assert.Single(request.Scopes)));
        Assert.Null(request.Claims);
    }

    [Fact]
    public async Task Token_is_renewed_shortly_before_it_expires()
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));
        _credential.Lifetime = TimeSpan.Zero;
        var sender = Sender();

        await Send(With(receiver.Url), sender);
        await Send(With(receiver.Url), sender);

        Assert.Contains("Bearer token-2", receiver.Requests[1].Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_is_renewed_once_past_the_cache_of_the_credential_when_the_receiver_rejects_it()
    {
        await using var receiver = new RawReceiver("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");

        var result = await Send(With(receiver.Url), Sender());

        Assert.Equal(401, result.StatusCode);
        Assert.Equal(2, receiver.Requests.Count);
        Assert.Equal([false, true], _credential.Requests.Select(request => request.Context.Claims is not null));
    }

    [Fact]
    public async Task Attempt_fails_when_there_is_no_token()
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));
        _credential.Failure = new CredentialUnavailableException("s3cret");

        var result = await Send(With(receiver.Url), Sender());

        Assert.Equal(
            new DeliveryError(ErrorKind.Authentication, $"There is no access token of the managed identity for {Resource}."),
            result.Error
        );
        Assert.Contains("managed identity", FailureHint.For(ErrorKind.Authentication, status: null), StringComparison.Ordinal);
        Assert.Empty(receiver.Requests);
    }

    [Theory]
    [InlineData(Resource, "http://localhost:8123/", "may not be used for the host of the URL: its setting Hosts doesn't name it")]
    [InlineData("api://other", "http://127.0.0.1:8123/", "is not a resource that Deliveries__ManagedIdentities names")]
    public async Task Attempt_fails_when_the_identity_may_not_be_used(string resource, string url, string reason)
    {
        var result = await Send(With(new Uri(url), resource), Sender());

        Assert.Equal(
            new DeliveryError(ErrorKind.Authentication, $"The managed identity can't be used: {resource} {reason}."),
            result.Error
        );
        Assert.Empty(_credential.Requests);
    }

    [Fact]
    public async Task Cached_token_is_not_sent_to_another_host()
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));
        var subscription = With(receiver.Url);
        var sender = Sender();
        await Send(subscription, sender);

        var moved = await Send(subscription with { Url = new Uri($"http://localhost:{receiver.Url.Port}/") }, sender);

        Assert.Equal(ErrorKind.Authentication, moved.Error?.Kind);
        Assert.Single(receiver.Requests);
    }

    private WebhookSender Sender() =>
        Services(
                new DeliveriesOptions { Deadline = TimeSpan.FromSeconds(60) },
                new DestinationOptions { AllowInsecureDestinations = true },
                add: services =>
                    services
                        .AddSingleton<ManagedIdentityCredentials>(new FakeCredentials(_credential))
                        .AddSingleton(
                            new ManagedIdentityOptions
                            {
                                All =
                                [
                                    new(
                                        Resource,
                                        "11111111-2222-3333-4444-555555555555",
                                        new HashSet<string>(StringComparer.Ordinal) { "127.0.0.1" }
                                    ),
                                ],
                            }
                        )
            )
            .GetRequiredService<WebhookSender>();

    private static Subscription With(Uri url, string resource = Resource) =>
        Subscription(url) with
        {
            Authentication = new SubscriptionAuthentication.ManagedIdentity(resource),
        };

    private sealed class FakeCredentials(FakeCredential credential) : ManagedIdentityCredentials
    {
        protected override TokenCredential Create(string clientId)
        {
            credential.ClientId = clientId;
            return credential;
        }
    }

    private sealed class FakeCredential : TokenCredential
    {
        private int _count;

        public string ClientId { get; set; } = "";

        public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(1);

        public Exception? Failure { get; set; }

        public ConcurrentQueue<(string ClientId, TokenRequestContext Context)> Requests { get; } = new();

        public override Azure.Core.AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Requests.Enqueue((ClientId, requestContext));
            return Failure is null
                ? new Azure.Core.AccessToken($"token-{Interlocked.Increment(ref _count)}", TimeProvider.System.GetUtcNow() + Lifetime)
                : throw Failure;
        }

        public override ValueTask<Azure.Core.AccessToken> GetTokenAsync(
            TokenRequestContext requestContext,
            CancellationToken cancellationToken
        ) => new(GetToken(requestContext, cancellationToken));
    }
}
