using System.Runtime.CompilerServices;
using System.Text;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>The header that authenticates a request.</summary>
/// <param name="Name">Null if there is none.</param>
internal sealed record AuthorizationHeader(string? Name, string Value)
{
    private static readonly ConditionalWeakTable<Subscription, AuthorizationHeader> s_headers = [];

    /// <summary>The header of a subscription, composed once per version, or the one with its access token.</summary>
    public static AuthorizationHeader Of(Subscription subscription, AccessToken? token) =>
        token is null
            ? s_headers.GetValue(subscription, static subscription => Of(subscription.Authentication))
            : Bearer(token.Value.Reveal());

    /// <summary>The credentials as <c>Basic</c> has them.</summary>
    public static string Encode(SubscriptionAuthentication.Basic basic) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"{basic.Username}:{basic.Password.Reveal()}"));

    private static AuthorizationHeader Of(SubscriptionAuthentication authentication) =>
        authentication switch
        {
            SubscriptionAuthentication.Bearer bearer => Bearer(bearer.Token.Reveal()),
            SubscriptionAuthentication.Basic basic => new(RequestHeader.Authorization, $"Basic {Encode(basic)}"),
            SubscriptionAuthentication.Header header => new(header.Name, header.Value.Reveal()),
            _ => new(null, ""),
        };

    private static AuthorizationHeader Bearer(string token) => new(RequestHeader.Authorization, $"Bearer {token}");
}
