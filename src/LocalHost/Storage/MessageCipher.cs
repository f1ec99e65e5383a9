using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using EventSubscriptions.Secrets;

namespace LocalHost.Storage;

/// <summary>Encrypts message bodies with AES-256-GCM before they are stored. For any number of threads.</summary>
/// <remarks>
/// An encrypted body: length of the key id (1 byte), key id, nonce (12), tag (16), ciphertext.
/// The keys are derived from <c>Secrets__Keys</c>, so that nonces here have nothing to do with those of other uses of the same setting. A
/// nonce is 8 random bytes, which each encryptor draws for itself, and a counter (NIST SP 800-38D §8.2.1): unlike random nonces, these
/// don't limit how many messages a key may encrypt.
/// </remarks>
internal sealed class MessageCipher
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    // Known to everybody, so it protects nothing: for folders that hold nothing secret, as those of tests.
    private static readonly SecretKey s_unprotected = new("unprotected", new byte[32]);

    private readonly Dictionary<string, Key> _byId = new(StringComparer.Ordinal);
    private readonly Key _first;

    /// <param name="keys">The first encrypts, all decrypt. Without any, nothing is protected.</param>
    public MessageCipher(IReadOnlyList<SecretKey> keys)
    {
        foreach (var key in keys.DefaultIfEmpty(s_unprotected))
        {
            _byId.TryAdd(key.Id, new(key));
        }

        _first = _byId[keys.Count > 0 ? keys[0].Id : s_unprotected.Id];
    }

    /// <summary>How many bytes an encrypted body is longer than the body.</summary>
    public int Overhead => 1 + _first.Id.Length + NonceLength + TagLength;

    /// <summary>The id of the key that encrypted a body.</summary>
    public static string KeyIdOf(ReadOnlySpan<byte> encrypted) => Encoding.UTF8.GetString(IdOf(encrypted));

    /// <param name="place">What the body belongs to: with another place it doesn't decrypt.</param>
    /// <param name="encrypted"><see cref="Overhead"/> bytes longer than the body.</param>
    public void Encrypt(ReadOnlySpan<byte> body, ReadOnlySpan<byte> place, Span<byte> encrypted)
    {
        encrypted[0] = (byte)_first.Id.Length;
        _first.Id.CopyTo(encrypted[1..]);
        var rest = encrypted[(1 + _first.Id.Length)..];
        var encryptor = _first.Take();
        encryptor.NextNonce(rest[..NonceLength]);
        encryptor.Aes.Encrypt(rest[..NonceLength], body, rest[(NonceLength + TagLength)..], rest.Slice(NonceLength, TagLength), place);
        _first.Return(encryptor);
    }

    /// <summary>How long the body is. False if the key that encrypted it is not known.</summary>
    public bool TryGetLength(ReadOnlySpan<byte> encrypted, out int length)
    {
        var key = KeyOf(encrypted);
        length = key is null ? 0 : encrypted.Length - 1 - key.Id.Length - NonceLength - TagLength;
        return key is not null && length >= 0;
    }

    /// <summary>
    /// False if the key that encrypted the body is not known, or if the body was changed since or belongs to another place.
    /// </summary>
    /// <param name="body">As long as <see cref="TryGetLength"/> says.</param>
    public bool TryDecrypt(ReadOnlySpan<byte> encrypted, ReadOnlySpan<byte> place, Span<byte> body)
    {
        if (KeyOf(encrypted) is not { } key)
        {
            return false;
        }

        var rest = encrypted[(1 + key.Id.Length)..];
        var encryptor = key.Take();
        try
        {
            encryptor.Aes.Decrypt(rest[..NonceLength], rest[(NonceLength + TagLength)..], rest.Slice(NonceLength, TagLength), body, place);
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
        return id.SequenceEqual(_first.Id) ? _first : _byId.GetValueOrDefault(Encoding.UTF8.GetString(id));
    }

    private static ReadOnlySpan<byte> IdOf(ReadOnlySpan<byte> encrypted) => encrypted.Slice(1, encrypted[0]);

    private sealed class Key(SecretKey key)
    {
        // AesGcm is not for two threads at once, and making one costs more than encrypting a message.
        private readonly ConcurrentBag<Encryptor> _idle = [];

        public byte[] Id { get; } = Encoding.UTF8.GetBytes(key.Id);

        public Encryptor Take() => _idle.TryTake(out var encryptor) ? encryptor : new(new AesGcm(key.Derive("queue messages"), TagLength));

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
