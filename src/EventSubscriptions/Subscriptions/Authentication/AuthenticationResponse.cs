namespace EventSubscriptions.Subscriptions.Authentication;

/// <summary>The authentication of a subscription in responses: without secrets.</summary>
internal sealed record AuthenticationResponse
{
    public required AuthenticationType Type { get; init; }

    /// <summary>Of <c>basic</c>.</summary>
    public string? Username { get; init; }

    /// <summary>The header of <c>header</c>.</summary>
    public string? Name { get; init; }

    /// <summary>Of <c>oauth2</c>.</summary>
    public string? TokenUrl { get; init; }

    public string? ClientId { get; init; }

    public string? Scope { get; init; }

    public string? Audience { get; init; }

    public ClientAuthentication? ClientAuthentication { get; init; }

    /// <summary>Of <c>managedIdentity</c>.</summary>
    public string? Resource { get; init; }

    public static AuthenticationResponse Of(SubscriptionAuthentication authentication) =>
        new()
        {
            Type = authentication.Type,
            Username = (authentication as SubscriptionAuthentication.Basic)?.Username,
            Name = (authentication as SubscriptionAuthentication.Header)?.Name,
            TokenUrl = authentication is SubscriptionAuthentication.OAuth2 oauth ? DisplayUrl.Of(oauth.TokenUrl) : null,
            ClientId = (authentication as SubscriptionAuthentication.OAuth2)?.ClientId,
            Scope = (authentication as SubscriptionAuthentication.OAuth2)?.Scope,
            Audience = (authentication as SubscriptionAuthentication.OAuth2)?.Audience,
            ClientAuthentication = (authentication as SubscriptionAuthentication.OAuth2)?.ClientAuthentication,
            Resource = (authentication as SubscriptionAuthentication.ManagedIdentity)?.Resource,
        };
}
