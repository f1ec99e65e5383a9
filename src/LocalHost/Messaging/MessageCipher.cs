using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using EventSubscriptions.Secrets;

namespace LocalHost.Messaging;

/// <summary>Encrypts stored message bodies with AES-256-GCM. Thread-safe.</summary>
/// <remarks>
/// The format: length of the key id (1 byte), key id, nonce (12), tag (16), ciphertext. The keys are derived from <c>Secrets__Keys</c>, so
/// that no nonce is shared with other uses of that setting. A nonce is 8 random bytes of the encryptor and a counter (NIST SP 800-38D
/// §8.2.1): unlike random nonces, these don't limit how many messages a key may encrypt.
/// </remarks>
internal sealed class MessageCipher
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    // A public key that protects nothing, for folders without secrets, as in tests.
    private static readonly SecretKey s_unprotected = new("unprotected", new byte[32]);

    private readonly Dictionary<string, Key> _byId = new(StringComparer.Ordinal);
    private readonly Key _current;

    /// <param name="keys">The first encrypts, all decrypt. Without keys, nothing is protected.</param>
    public MessageCipher(IReadOnlyList<SecretKey> keys)
    {
        foreach (var key in keys.DefaultIfEmpty(s_unprotected))
        {
            _byId.TryAdd(key.Id, new(key));
        }

        _current = _byId[keys.Count > 0 ? keys[0].Id : s_unprotected.Id];
    }

    /// <summary>The bytes that encryption adds to a body.</summary>
    public int Overhead => 1 + _current.Id.Length + NonceLength + TagLength;

    /// <param name="body">The plaintext.</param>
    /// <param name="associatedData">What the body belongs to; decryption requires the same.</param>
    /// <param name="encrypted">The output, <see cref="Overhead"/> bytes longer than the body.</param>
    public void Encrypt(ReadOnlySpan<byte> body, ReadOnlySpan<byte> associatedData, Span<byte> encrypted)
    {
        encrypted[0] = (byte)_current.Id.Length;
        _current.Id.CopyTo(encrypted[1..]);
        var rest = encrypted[(1 + _current.Id.Length)..];
        var encryptor = _current.Rent();
        var nonce = rest[..NonceLength];
        encryptor.NextNonce(nonce);
        encryptor.Aes.Encrypt(nonce, body, rest[(NonceLength + TagLength)..], rest.Slice(NonceLength, TagLength), associatedData);
        _current.Return(encryptor);
    }

    /// <summary>Gets the length of the plaintext. Returns false if the key is unknown.</summary>
    public bool TryGetLength(ReadOnlySpan<byte> encrypted, out int length)
    {
        var key = KeyOf(encrypted);
        length = key is null ? 0 : encrypted.Length - 1 - key.Id.Length - NonceLength - TagLength;
        return key is not null && length >= 0;
    }

    /// <summary>
    /// Returns false if the key is unknown, the body was modified, or its associated data differs.
    /// </summary>
    /// <param name="encrypted">The encrypted body.</param>
    /// <param name="associatedData">That of the encryption.</param>
    /// <param name="body">The output, of the length from <see cref="TryGetLength"/>.</param>
    public bool TryDecrypt(ReadOnlySpan<byte> encrypted, ReadOnlySpan<byte> associatedData, Span<byte> body)
    {
        if (KeyOf(encrypted) is not { } key)
        {
            return false;
        }

        var rest = encrypted[(1 + key.Id.Length)..];
        var encryptor = key.Rent();
        try
        {
            encryptor.Aes.Decrypt(
                rest[..NonceLength],
                rest[(NonceLength + TagLength)..],
                rest.Slice(NonceLength, TagLength),
                body,
                associatedData
            );
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        finally
        {
            key.Return(encryptor);
        }
    }

    private Key? KeyOf(ReadOnlySpan<byte> encrypted)
    {
        var id = IdOf(encrypted);
        return id.SequenceEqual(_current.Id) ? _current : _byId.GetValueOrDefault(Encoding.UTF8.GetString(id));
    }

    private static ReadOnlySpan<byte> IdOf(ReadOnlySpan<byte> encrypted) => encrypted.Slice(1, encrypted[0]);

    private sealed class Key(SecretKey key)
    {
        // AesGcm is not thread-safe, and creating one costs more than encrypting a message.
        private readonly ConcurrentBag<Encryptor> _idle = [];

        public byte[] Id { get; } = Encoding.UTF8.GetBytes(key.Id);

        public Encryptor Rent() => _idle.TryTake(out var encryptor) ? encryptor : new(new AesGcm(key.Derive("queue messages"), TagLength));

        public void Return(Encryptor encryptor) => _idle.Add(encryptor);
    }

    private sealed class Encryptor(AesGcm aes)
    {
        private readonly byte[] _prefix = RandomNumberGenerator.GetBytes(sizeof(long));
        private uint _counter;

        public AesGcm Aes { get; } = aes;

        public void NextNonce(Span<byte> nonce)
        {
            if (_counter == uint.MaxValue)
            {
                RandomNumberGenerator.Fill(_prefix);
                _counter = 0;
            }

            _prefix.CopyTo(nonce);
            BinaryPrimitives.WriteUInt32BigEndian(nonce[sizeof(long)..], _counter++);
        }
    }
}
