using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace LocalHost.Demo;

/// <summary>Verifies a request as a receiver should (Standard Webhooks, "Verifying webhook authenticity").</summary>
internal static class SignatureCheck
{
    /// <summary>How far the timestamp may differ from the present, to prevent replay attacks.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private const string SecretPrefix = "whsec_";
    private const string Version = "v1,";

    /// <summary>Why no signature is valid, for people; null if one is.</summary>
    /// <param name="secret"><c>whsec_</c> and the key in base64.</param>
    /// <param name="id">The header <c>webhook-id</c>.</param>
    /// <param name="timestamp">The header <c>webhook-timestamp</c>.</param>
    /// <param name="signatures">The header <c>webhook-signature</c>: signatures separated by spaces.</param>
    /// <param name="body">The body, byte for byte.</param>
    /// <param name="now">The time of arrival.</param>
    public static string? GetError(
        string secret,
        string id,
        string timestamp,
        string signatures,
        ReadOnlySpan<byte> body,
        DateTimeOffset now
    )
    {
        if (id.Length == 0 || timestamp.Length == 0 || signatures.Length == 0)
        {
            return "The signature is missing.";
        }

        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            return "The timestamp is not a number of seconds.";
        }

        if (Math.Abs((decimal)now.ToUnixTimeSeconds() - seconds) > (decimal)Tolerance.TotalSeconds)
        {
            return "The timestamp is more than 5 minutes from the present.";
        }

        var expected = Encoding.ASCII.GetBytes(Version + Convert.ToBase64String(Sign(secret, $"{id}.{timestamp}.", body)));
        var isValid = false;
        foreach (var signature in signatures.Split(' '))
        {
            isValid |= CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), expected);
        }

        return isValid ? null : "No signature matches this body and the subscription's secret.";
    }

    private static byte[] Sign(string secret, string head, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Convert.FromBase64String(secret[SecretPrefix.Length..]));
        hmac.AppendData(Encoding.UTF8.GetBytes(head));
        hmac.AppendData(body);
        return hmac.GetHashAndReset();
    }
}
