using System.Security.Cryptography;
using System.Text;
using EventSubscriptions.Secrets;
using SimpleBase;

namespace EventSubscriptions.Access;

/// <summary>
/// The mark at the end of a key's text: 40 bits of an HMAC under a key derived from <c>Secrets__Keys</c>. Texts without a valid mark are
/// refused without a look-up.
/// </summary>
public sealed class KeyMark(SecretOptions options)
{
    /// <summary>The length of the mark in base32.</summary>
    public const int Length = 8;

    private const int Bytes = 5;

    private readonly (string Id, byte[] Key)[] _keys = [.. options.Keys.Select(key => (key.Id, key.Derive("mark of API keys")))];

    /// <summary>The id of the key that new marks are made with: the first of <c>Secrets__Keys</c>.</summary>
    public string SecretKeyId => _keys[0].Id;

    /// <summary>The mark of a text.</summary>
    public string Make(ReadOnlySpan<char> text) => Make(text, _keys[0].Key);

    /// <summary>Whether the mark is valid for the text under any of <c>Secrets__Keys</c>.</summary>
    public bool Fits(ReadOnlySpan<char> text, ReadOnlySpan<char> mark)
    {
        var fits = false;
        foreach (var (_, key) in _keys)
        {
            fits |= CryptographicOperations.FixedTimeEquals(
                Encoding.UTF8.GetBytes(Make(text, key)),
                Encoding.UTF8.GetBytes(mark.ToString())
            );
        }

        return fits;
    }

    private static string Make(ReadOnlySpan<char> text, byte[] key) =>
        Base32.ExtendedHexLower.Encode(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, Bytes));
}
