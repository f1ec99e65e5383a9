using System.Runtime.CompilerServices;
using EventSubscriptions.Destinations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Subscriptions.Formats;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>
/// What no response snippet of a subscription may show: its signing secrets, its credentials, the values of its headers, those of its URL's
/// query, and the path of a secret URL.
/// </summary>
internal static class SubscriptionSecrets
{
    /// <summary>
    /// Shorter values of the query, of headers and of the path are words rather than keys, and removing them would garble most responses.
    /// </summary>
    private const int MinLength = 6;

    private static readonly ConditionalWeakTable<Subscription, SecretForms> s_forms = [];

    /// <summary>The secrets in all encodings, computed once per version of a subscription.</summary>
    public static SecretForms Of(Subscription subscription) =>
        s_forms.GetValue(subscription, static subscription => new SecretForms(SecretsOf(subscription)));

    /// <summary>The same with an access token.</summary>
    public static SecretForms With(Subscription subscription, Secret accessToken) =>
        new([.. SecretsOf(subscription), .. accessToken.Reveal() is { Length: >= MinLength } token ? [token] : (string[])[]]);

    private static List<string> SecretsOf(Subscription subscription)
    {
        List<string> secrets = [];

        // Without prefix and padding, so that both forms match.
        foreach (var (secret, _) in subscription.SigningSecrets.All)
        {
            secrets.Add(secret.Reveal()[SigningSecret.Prefix.Length..].TrimEnd('='));
        }

        secrets.AddRange(CredentialsOf(subscription.Authentication));
        if (subscription.Format is SubscriptionFormat.Template template)
        {
            secrets.AddRange(template.Secrets.Values.Values.Select(value => value.Reveal()).Where(value => value.Length >= MinLength));
        }

        secrets.AddRange(
            subscription
                .Headers.Values.Values.SelectMany(value => value.Reveal().Split(' ').Prepend(value.Reveal()))
                .Where(value => value.Length >= MinLength)
        );
        foreach (var pair in subscription.Url.Query.TrimStart('?').Split('&'))
        {
            var value = pair[(pair.IndexOf('=') + 1)..];
            var plain = Uri.UnescapeDataString(value);
            secrets.AddRange(((string[])[value, plain, plain.Replace('+', ' ')]).Where(form => form.Length >= MinLength));
        }

        if (subscription.UrlIsSecret)
        {
            var segments = subscription.Url.AbsolutePath.Split('/');
            secrets.AddRange(segments.Concat(segments.Select(Uri.UnescapeDataString)).Where(segment => segment.Length >= MinLength));
        }

        return secrets;
    }

    private static string[] CredentialsOf(SubscriptionAuthentication authentication) =>
        authentication switch
        {
            SubscriptionAuthentication.Bearer bearer => [bearer.Token.Reveal()],
            SubscriptionAuthentication.Basic basic => [basic.Password.Reveal(), AuthorizationHeader.Encode(basic)],
            SubscriptionAuthentication.Header header =>
            [
                header.Value.Reveal(),
                .. header.Value.Reveal().Split(' ').Where(part => part.Length >= MinLength),
            ],
            SubscriptionAuthentication.OAuth2 oauth => [oauth.ClientSecret.Reveal()],
            _ => [],
        };
}
