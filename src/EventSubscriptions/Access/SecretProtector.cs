using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace EventSubscriptions.Access;

/// <summary>
/// Encrypts what is kept secret in tables: AES-256-GCM, the key id beside the ciphertext, the place as associated data. Nonces are random,
/// so a key should be followed by a new first one before it has encrypted 2^32 values (NIST SP 800-38D §8.3).
/// </summary>
/// <remarks>A protected value: format (1 byte), length of the key id (1), key id, nonce (12), tag (16), ciphertext.</remarks>
public sealed class SecretProtector(SecretOptions options)
{
    private const byte Format = 1;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int FixedLength = 2 + NonceLength + TagLength;

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
            AssociatedData(result.AsSpan(0, header), place));
        return result;
    }

    /// <summary>Decrypts with whichever key encrypted. Throws <see cref="CryptographicException"/> where the key is gone or the place isn't the one it was encrypted for.</summary>
    public byte[] Unprotect(ReadOnlySpan<byte> ciphertext, in SecretPlace place)
    {
        if (ciphertext.Length < FixedLength || ciphertext[0] != Format || ciphertext.Length < FixedLength + ciphertext[1])
        {
            throw new CryptographicException("This is not a protected value.");
        }

        var header = 2 + ciphertext[1];
        var id = Encoding.ASCII.GetString(ciphertext[2..header]);
        var key = options.Keys.FirstOrDefault(candidate => candidate.Id == id)
            ?? throw new CryptographicException("The key that encrypted this value is not among Secrets__Keys.");

        var plaintext = new byte[ciphertext.Length - header - NonceLength - TagLength];
        using var aes = new AesGcm(key.Bytes.Span, TagLength);
        aes.Decrypt(
            ciphertext.Slice(header, NonceLength),
            ciphertext[(header + NonceLength + TagLength)..],
            ciphertext.Slice(header + NonceLength, TagLength),
            plaintext,
            AssociatedData(ciphertext[..header], place));
        return plaintext;
    }

    /// <summary>The header and the parts of the place, each behind its length, so that no two places look alike.</summary>
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

/// <summary>The cell that a ciphertext belongs to: moved elsewhere, it does not decrypt.</summary>
public readonly record struct SecretPlace(string Table, string PartitionKey, string RowKey, string Column);
