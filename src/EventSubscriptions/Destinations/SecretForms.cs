using System.Text;

namespace EventSubscriptions.Destinations;

/// <summary>
/// Secrets that no response snippet may show, in all encodings that unescaping doesn't undo: plain, base64 and hexadecimal.
/// </summary>
internal sealed class SecretForms
{
    private const int MinLengthInHex = 4;

    public SecretForms(IEnumerable<string> secrets) =>
        All = [
            .. secrets.Where(secret => secret.Length > 0).SelectMany(Forms).Distinct(StringComparer.Ordinal).Select(Encoding.UTF8.GetBytes),
        ];

    /// <summary>As UTF-8.</summary>
    public IReadOnlyList<byte[]> All { get; }

    /// <summary>
    /// The secret, and the base64 characters that depend on nothing else for each of the three alignments to groups of three bytes, in both
    /// alphabets (RFC 4648 §4 and §5).
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
