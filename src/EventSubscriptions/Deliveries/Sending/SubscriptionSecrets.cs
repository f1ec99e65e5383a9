using System.Runtime.CompilerServices;
using EventSubscriptions.Destinations;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>
/// What no response snippet of a subscription may show: its signing secrets, its token, and the values of its URL's query.
/// </summary>
internal static class SubscriptionSecrets
{
    /// <summary>Shorter query values are words rather than keys, and removing them would garble most responses.</summary>
    private const int MinQueryValueLength = 6;

    private static readonly ConditionalWeakTable<Subscription, SecretForms> s_forms = [];

    /// <summary>The secrets in all encodings, computed once per version of a subscription.</summary>
    public static SecretForms Of(Subscription subscription) =>
        s_forms.GetValue(subscription, static subscription => new SecretForms(SecretsOf(subscription)));

    private static List<string> SecretsOf(Subscription subscription)
    {
        List<string> secrets = [];

        // Without prefix and padding, so that both forms match.
        foreach (var (secret, _) in subscription.SigningSecrets.All)
        {
            secrets.Add(secret.Reveal()[SigningSecret.Prefix.Length..].TrimEnd('='));
        }

        secrets.Add(subscription.Token.Reveal());
        foreach (var pair in subscription.Url.Query.TrimStart('?').Split('&'))
        {
            var value = pair[(pair.IndexOf('=') + 1)..];
            var plain = Uri.UnescapeDataString(value);
            secrets.AddRange(((string[])[value, plain, plain.Replace('+', ' ')]).Where(form => form.Length >= MinQueryValueLength));
        }

        return secrets;
    }
}
