using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using EventSubscriptions.Options;

namespace EventSubscriptions.Secrets;

/// <summary>The keys that encrypt secrets at rest.</summary>
/// <param name="Keys">The first encrypts, all decrypt. To rotate, put a new key first and remove the old one when nothing uses it.</param>
public sealed record SecretOptions(IReadOnlyList<SecretKey> Keys)
{
    private const string Setting = "Secrets__Keys";
    private const int KeyLength = 32;
    private const int MaxIdLength = 32;

    private static readonly SearchValues<char> s_idLetters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    );

    /// <summary>Reads <c>Secrets__Keys</c>: <c>id:base64(32 bytes)</c>, comma-separated.</summary>
    public static SecretOptions Read(OptionsReader reader)
    {
        var keys = new List<SecretKey>();
        var parts = reader.RequiredText(Setting)?.Split(',', StringSplitOptions.TrimEntries) ?? [];
        for (var i = 0; i < parts.Length; i++)
        {
            if (Parse(parts[i]) is not { } key)
            {
                reader.AddError(
                    Setting,
                    $"must be comma-separated id:key pairs: an id of 1 to {MaxIdLength} letters, digits, - and _, and a key of {KeyLength} bytes in base64; pair {i + 1} is invalid"
                );
            }
            else if (keys.Exists(other => other.Id == key.Id))
            {
                reader.AddError(Setting, $"repeats the id of pair {i + 1}");
            }
            else
            {
                keys.Add(key);
            }
        }

        return new SecretOptions(keys);
    }

    private static SecretKey? Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon is < 1 or > MaxIdLength || text.AsSpan(0, colon).ContainsAnyExcept(s_idLetters))
        {
            return null;
        }

        var bytes = new byte[KeyLength];
        return Convert.TryFromBase64Chars(text.AsSpan(colon + 1), bytes, out var length) && length == KeyLength
            ? new SecretKey(text[..colon], bytes)
            : null;
    }
}

/// <summary>A key with the id that is stored next to its ciphertexts.</summary>
public sealed class SecretKey(string id, ReadOnlyMemory<byte> bytes)
{
    public string Id { get; } = id;

    /// <summary>256 bits.</summary>
    internal ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>Derives a key for another purpose (HKDF, RFC 5869).</summary>
    public byte[] Derive(string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Bytes.ToArray(), Bytes.Length, info: Encoding.UTF8.GetBytes(purpose));
}
