using System.Runtime.CompilerServices;
using System.Text;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries;

/// <summary>What no answer may show, in all forms that don't come undone by unescaping: as it is, in base64 and in hexadecimal.</summary>
internal sealed class SecretForms
{
    /// <summary>Shorter values of a query are words rather than keys, and would be cut out of half the answers.</summary>
    private const int MinQueryValueLength = 6;

    private const int MinLengthInHex = 4;

    private static readonly ConditionalWeakTable<Subscription, SecretForms> s_known = [];

    public SecretForms(IEnumerable<string> secrets) =>
        All = [.. secrets.Where(secret => secret.Length > 0).SelectMany(Forms).Distinct(StringComparer.Ordinal).Select(Encoding.UTF8.GetBytes)];

    /// <summary>In UTF-8.</summary>
    public IReadOnlyList<byte[]> All { get; }

    /// <summary>Those of a subscription: its signing secrets, its token, and the values of its URL's query, where keys like to be.</summary>
    public static SecretForms Of(Subscription subscription) => s_known.GetValue(subscription, static subscription => new SecretForms(SecretsOf(subscription)));

    private static List<string> SecretsOf(Subscription subscription)
    {
        List<string> secrets = [];

        // Without what they begin and end with, so that they are found in both forms.
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

    /// <summary>
    /// The secret, and the base64 characters that depend on nothing else, for each of the three ways in which it can lie
    /// across groups of three bytes; in both alphabets (RFC 4648 §4 and §5).
    /// </summary>
    private static IEnumerable<string> Forms(string secret)
    {
        yield return secret;
        yield return InUrlAlphabet(secret);
        var bytes = new byte[2 + Encoding.UTF8.GetByteCount(secret)];
        Encoding.UTF8.GetBytes(secret, bytes.AsSpan(2));
        if (secret.Length >= MinLengthInHex)
        {
            yield return Convert.ToHexString(bytes.AsSpan(2));
            yield return Convert.ToHexStringLower(bytes.AsSpan(2));
        }

        for (var before = 0; before <= 2; before++)
        {
            var encoded = Convert.ToBase64String(bytes.AsSpan(2 - before));
            var first = ((before * 8) + 5) / 6;
            var last = (bytes.Length - 2 + before) * 8 / 6;
            if (last - first >= 2)
            {
                yield return encoded[first..last];
                yield return InUrlAlphabet(encoded[first..last]);
            }
        }
    }

    private static string InUrlAlphabet(string text) => text.Replace('+', '-').Replace('/', '_');
}
