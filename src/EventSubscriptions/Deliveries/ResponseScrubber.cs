using System.Buffers;
using System.Text;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries;

/// <summary>Makes what a receiver sent fit to be shown: secrets cut out, control characters left out, cut to a length.</summary>
internal static class ResponseScrubber
{
    private const string Cut = "***";

    private static readonly SearchValues<char> s_control =
        SearchValues.Create([.. Enumerable.Range(0, 32).Select(code => (char)code).Where(code => code is not ('\t' or '\n')), '\u007f']);

    /// <summary>
    /// What no answer may show: the signing secrets, without what they begin and end with, so that they are found in both forms; then the
    /// token, which may be so short that it is part of them.
    /// </summary>
    public static IReadOnlyList<string> SecretsOf(Subscription subscription)
    {
        List<string> secrets = [];
        foreach (var (secret, _) in subscription.SigningSecrets.All)
        {
            secrets.Add(secret.Reveal()[SigningSecret.Prefix.Length..].TrimEnd('='));
        }

        secrets.Add(subscription.Token.Reveal());
        return secrets;
    }

    /// <summary>The first <paramref name="maxLength"/> characters of what is left, or null where nothing is.</summary>
    /// <param name="bytes">UTF-8, or what is taken for it.</param>
    /// <param name="truncated">Whether more would have followed: a secret may have been cut in two.</param>
    /// <param name="secrets">Cut out as they are and in base64, also where they are part of a longer text in base64; the first first.</param>
    /// <param name="maxLength">In characters.</param>
    public static string? Scrub(ReadOnlySpan<byte> bytes, bool truncated, IReadOnlyList<string> secrets, int maxLength)
    {
        if (bytes.IsEmpty)
        {
            return null;
        }

        var text = WithoutControls(Encoding.UTF8.GetString(bytes));
        foreach (var form in secrets.SelectMany(Forms))
        {
            text = text.Replace(form, Cut, StringComparison.Ordinal);
        }

        if (truncated)
        {
            foreach (var form in secrets.SelectMany(Forms))
            {
                text = WithoutBeginningAtEnd(text, form);
            }
        }

        return text.Length == 0 ? null : Shorten(text, maxLength);
    }

    private static string Shorten(string text, int maxLength) =>
        text.Length <= maxLength ? text : text[..(char.IsHighSurrogate(text[maxLength - 1]) ? maxLength - 1 : maxLength)];

    private static string WithoutControls(string text)
    {
        if (!text.AsSpan().ContainsAny(s_control))
        {
            return text;
        }

        var kept = new StringBuilder(text.Length);
        foreach (var letter in text)
        {
            if (!s_control.Contains(letter))
            {
                kept.Append(letter);
            }
        }

        return kept.ToString();
    }

    private static string WithoutBeginningAtEnd(string text, string form)
    {
        for (var length = Math.Min(form.Length - 1, text.Length); length > 0; length--)
        {
            if (text.AsSpan().EndsWith(form.AsSpan(0, length), StringComparison.Ordinal))
            {
                return text[..^length];
            }
        }

        return text;
    }

    /// <summary>
    /// The secret, and the base64 characters that depend on nothing else, for each of the three ways in which it can lie
    /// across groups of three bytes; in both alphabets (RFC 4648 §4 and §5).
    /// </summary>
    private static IEnumerable<string> Forms(string secret)
    {
        yield return secret;
        if (InUrlAlphabet(secret) is { } other)
        {
            yield return other;
        }

        var bytes = new byte[2 + Encoding.UTF8.GetByteCount(secret)];
        Encoding.UTF8.GetBytes(secret, bytes.AsSpan(2));
        for (var before = 0; before <= 2; before++)
        {
            var encoded = Convert.ToBase64String(bytes.AsSpan(2 - before));
            var first = ((before * 8) + 5) / 6;
            var last = (bytes.Length - 2 + before) * 8 / 6;
            if (last - first < 2)
            {
                continue;
            }

            var inner = encoded[first..last];
            yield return inner;
            if (InUrlAlphabet(inner) is { } url)
            {
                yield return url;
            }
        }
    }

    private static string? InUrlAlphabet(string text) =>
        text.Replace('+', '-').Replace('/', '_') is var url && url != text ? url : null;
}
