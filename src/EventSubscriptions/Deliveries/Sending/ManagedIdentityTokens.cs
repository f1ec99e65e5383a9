using Azure.Core;
using Azure.Identity;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>Access tokens of managed identities.</summary>
internal sealed class ManagedIdentityTokens(ManagedIdentityOptions identities, ManagedIdentityCredentials credentials, TimeProvider time)
{
    /// <summary>A request for claims makes the credential ignore the token that it has cached.</summary>
    private const string Renewal = """{"access_token":{}}""";

    /// <summary>Requests a token. Throws <see cref="AccessTokenException"/> if there is none.</summary>
    /// <param name="subscription">It decides which hosts may get the token.</param>
    /// <param name="authentication">The authentication of the subscription.</param>
    /// <param name="isRenewal">Whether the receiver has rejected the last one.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public async Task<AccessToken> RequestAsync(
        Subscription subscription,
        SubscriptionAuthentication.ManagedIdentity authentication,
        bool isRenewal,
        CancellationToken cancellationToken
    )
    {
        var resource = authentication.Resource;
        if (identities.Check(resource, subscription.Url) is { } refusal)
        {
            throw new AccessTokenException($"The managed identity can't be used: {resource} {refusal}.");
        }

        try
        {
            var token = await credentials
                .For(identities.Find(resource)!)
                .GetTokenAsync(new TokenRequestContext([$"{resource}/.default"], claims: isRenewal ? Renewal : null), cancellationToken);
            return AccessToken.Of(new Secret(token.Token), token.ExpiresOn - time.GetUtcNow(), time);
        }
        catch (AuthenticationFailedException exception)
        {
            // Its message may repeat what the endpoint returned; the log of Azure.Identity has it.
            throw new AccessTokenException($"There is no access token of the managed identity for {resource}.", exception);
        }
    }
}

/// <summary>The credentials of managed identities, one of each.</summary>
internal class ManagedIdentityCredentials
{
    private readonly Dictionary<string, TokenCredential> _credentials = new(StringComparer.Ordinal);

    /// <summary>The credential of an identity.</summary>
    public TokenCredential For(ManagedIdentity identity)
    {
        lock (_credentials)
        {
            if (!_credentials.TryGetValue(identity.ClientId, out var credential))
            {
                _credentials.Add(identity.ClientId, credential = Create(identity.ClientId));
            }

            return credential;
        }
    }

    /// <summary>Creates a credential, which caches tokens of its own.</summary>
    protected virtual TokenCredential Create(string clientId) =>
        new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId));
}
