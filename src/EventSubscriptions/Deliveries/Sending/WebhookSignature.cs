using System.Globalization;
using System.Security.Cryptography;
using System.Text.Unicode;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>The header <c>webhook-signature</c> (Standard Webhooks §Signature scheme, symmetric).</summary>
public static class WebhookSignature
{
    private const string Version = "v1,";
    private const int MaxIdLength = 64;
    private const int MaxTimestampLength = 20;
    private const int MaxLength = 48;

    /// <summary>
    /// <c>v1,</c> and the base64 of HMAC-SHA256 over <c>id.timestamp.body</c>, once per live secret, separated by spaces; null if there is
    /// none.
    /// </summary>
    /// <param name="id">The <c>webhook-id</c>: at most 64 ASCII characters.</param>
    /// <param name="at">The time of the attempt: its Unix seconds are the <c>webhook-timestamp</c>, and it decides which secrets are
    /// live.</param>
    /// <param name="body">The body that is sent.</param>
    /// <param name="secrets">The secrets of the subscription.</param>
    public static string? Of(string id, DateTimeOffset at, ReadOnlySpan<byte> body, SigningSecrets secrets)
    {
        Span<byte> start = stackalloc byte[MaxIdLength + MaxTimestampLength + 2];
        if (!Utf8.TryWrite(start, CultureInfo.InvariantCulture, $"{id}.{at.ToUnixTimeSeconds()}.", out var startLength))
        {
            throw new ArgumentException("The id is too long.", nameof(id));
        }

        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<char> header = stackalloc char[SigningSecrets.MaxCount * MaxLength];
        var length = 0;
        foreach (var (secret, until) in secrets.All)
        {
            if (until <= at)
            {
                continue;
            }

            using (var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret.Key))
            {
                hmac.AppendData(start[..startLength]);
                hmac.AppendData(body);
                hmac.GetHashAndReset(hash);
            }

            if (length > 0)
            {
                header[length++] = ' ';
            }

            Version.CopyTo(header[length..]);
            length += Version.Length;
            Convert.TryToBase64Chars(hash, header[length..], out var written);
            length += written;
        }

        return length == 0 ? null : new string(header[..length]);
    }
}
