using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace EventSubscriptions.Secrets;

/// <summary>
/// Encrypts secrets in tables with AES-256-GCM: the key id is stored next to the ciphertext, and the cell is associated data. Nonces are
/// random, so replace the first key before it has encrypted 2^32 values (NIST SP 800-38D §8.3).
/// </summary>
/// <remarks>A protected value: format (1 byte), length of the key id (1), key id, nonce (12), tag (16), ciphertext.</remarks>
public sealed class SecretProtector(SecretOptions options)
{
    private const char AfterKeyId = ':';

    private const byte Format = 1;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int FixedLength = 2 + NonceLength + TagLength;

    private readonly ConcurrentDictionary<SecretKey, byte[]> _fingerprintKeys = new();

    /// <summary>Encrypts with the first of <c>Secrets__Keys</c>.</summary>
    public byte[] Protect(ReadOnlySpan<byte> plaintext, in SecretPlace place)
    {
        var key = options.Keys[0];
        var idLength = Encoding.ASCII.GetByteCount(key.Id);
        var result = new byte[FixedLength + idLength + plaintext.Length];
        result[0] = Format;
        result[1] = (byte)idLength;
        var header = 2 + Encoding.ASCII.GetBytes(key.Id, result.AsSpan(2));
        var nonce = result.AsSpan(header, NonceLength);
        RandomNumberGenerator.Fill(nonce);

        using var aes = new AesGcm(key.Bytes.Span, TagLength);
        aes.Encrypt(
            nonce,
            plaintext,
            result.AsSpan(header + NonceLength + TagLength),
            result.AsSpan(header + NonceLength, TagLength),
            AssociatedData(result.AsSpan(0, header), place)
        );
        return result;
    }

    /// <summary>
    /// Decrypts with the key that encrypted. Throws <see cref="CryptographicException"/> if that key is missing or the value belongs to
    /// another cell.
    /// </summary>
    public byte[] Unprotect(ReadOnlySpan<byte> ciphertext, in SecretPlace place)
    {
        var key = Find(KeyIdOf(ciphertext));
        var header = 2 + ciphertext[1];
        var plaintext = new byte[ciphertext.Length - header - NonceLength - TagLength];
        using var aes = new AesGcm(key.Bytes.Span, TagLength);
        aes.Decrypt(
            ciphertext.Slice(header, NonceLength),
            ciphertext[(header + NonceLength + TagLength)..],
            ciphertext.Slice(header + NonceLength, TagLength),
            plaintext,
            AssociatedData(ciphertext[..header], place)
        );
        return plaintext;
    }

    /// <summary>Whether a value was encrypted with the first of <c>Secrets__Keys</c>.</summary>
    public bool IsUnderFirstKey(ReadOnlySpan<byte> ciphertext) => KeyIdOf(ciphertext) == options.Keys[0].Id;

    private static string KeyIdOf(ReadOnlySpan<byte> ciphertext) =>
        ciphertext.Length >= FixedLength && ciphertext[0] == Format && ciphertext.Length >= FixedLength + ciphertext[1]
            ? Encoding.ASCII.GetString(ciphertext.Slice(2, ciphertext[1]))
            : throw new CryptographicException("The value is not encrypted by this app.");

    /// <summary>
    /// A fingerprint that tells values apart without storing them: the id of the first key, and an HMAC-SHA-256 under a key derived from
    /// it.
    /// </summary>
    public string Fingerprint(ReadOnlySpan<byte> value) => Fingerprint(options.Keys[0], value);

    /// <summary>Whether a fingerprint belongs to a value. Throws <see cref="CryptographicException"/> if its key is missing.</summary>
    public bool HasFingerprint(ReadOnlySpan<byte> value, string fingerprint)
    {
        var id = fingerprint[..Math.Max(0, fingerprint.IndexOf(AfterKeyId, StringComparison.Ordinal))];
        return Fingerprint(Find(id), value) == fingerprint;
    }

    private string Fingerprint(SecretKey key, ReadOnlySpan<byte> value) =>
        $"{key.Id}{AfterKeyId}{Convert.ToBase64String(HMACSHA256.HashData(_fingerprintKeys.GetOrAdd(key, static one => one.Derive("fingerprints")), value))}";

    private SecretKey Find(string id) =>
        options.Keys.FirstOrDefault(candidate => candidate.Id == id)
        ?? throw new CryptographicException("The key that encrypted this value is missing from Secrets__Keys.");

    /// <summary>The header and the parts of the place, each preceded by its length, so that no two places are equal.</summary>
    private static byte[] AssociatedData(ReadOnlySpan<byte> header, in SecretPlace place)
    {
        using var data = new MemoryStream();
        data.Write(header);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in (ReadOnlySpan<string>)[place.Table, place.PartitionKey, place.RowKey, place.Column])
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            data.Write(length);
            data.Write(bytes);
        }

        return data.ToArray();
    }
}

/// <summary>The cell that a ciphertext belongs to. In any other cell it does not decrypt.</summary>
public readonly record struct SecretPlace(string Table, string PartitionKey, string RowKey, string Column);
