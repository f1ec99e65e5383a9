using System.Security.Cryptography;
using System.Text;
using EventSubscriptions.Secrets;
using LocalHost.Messaging;

namespace LocalHost.Tests.Messaging;

public sealed class MessageCipherTests
{
    private static readonly SecretKey s_old = new("old", RandomNumberGenerator.GetBytes(32));
    private static readonly SecretKey s_new = new("new", RandomNumberGenerator.GetBytes(32));

    [Fact]
    public void Body_is_decrypted_by_any_of_the_keys()
    {
        var encrypted = Encrypt([s_old], "body"u8, "queue"u8);
        Assert.Equal("old", KeyIdOf(encrypted));
        Assert.Equal("body"u8.ToArray(), Decrypt(new([s_new, s_old]), encrypted, "queue"u8));
    }

    [Fact]
    public void First_key_encrypts() => Assert.Equal("new", KeyIdOf(Encrypt([s_new, s_old], "body"u8, ""u8)));

    [Fact]
    public void Body_does_not_decrypt_without_its_key() => Assert.Null(Decrypt(new([s_new]), Encrypt([s_old], "body"u8, ""u8), ""u8));

    [Fact]
    public void Body_does_not_decrypt_with_another_key_of_the_same_id() =>
        Assert.Null(Decrypt(new([new("old", RandomNumberGenerator.GetBytes(32))]), Encrypt([s_old], "body"u8, ""u8), ""u8));

    [Fact]
    public void Body_does_not_decrypt_with_other_associated_data() =>
        Assert.Null(Decrypt(new([s_old]), Encrypt([s_old], "body"u8, "here"u8), "there"u8));

    [Fact]
    public void Changed_body_does_not_decrypt()
    {
        var encrypted = Encrypt([s_old], "body"u8, ""u8);
        encrypted[^1] ^= 1;
        Assert.Null(Decrypt(new([s_old]), encrypted, ""u8));
    }

    [Fact]
    public void Nonces_never_repeat()
    {
        var cipher = new MessageCipher([s_old]);
        var nonces = new System.Collections.Concurrent.ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        Parallel.For(
            0,
            4,
            _ =>
            {
                for (var i = 0; i < 1000; i++)
                {
                    var encrypted = new byte[cipher.Overhead];
                    cipher.Encrypt([], [], encrypted);
                    Assert.True(nonces.TryAdd(Convert.ToHexString(encrypted, 4, 12), true));
                }
            }
        );
    }

    [Fact]
    public void Empty_body_is_encrypted_and_decrypted()
    {
        Assert.Equal(Array.Empty<byte>(), Decrypt(new([s_old]), Encrypt([s_old], [], ""u8), ""u8));
    }

    private static byte[]? Decrypt(MessageCipher cipher, ReadOnlySpan<byte> encrypted, ReadOnlySpan<byte> associatedData)
    {
        if (!cipher.TryGetLength(encrypted, out var length))
        {
            return null;
        }

        var body = new byte[length];
        return cipher.TryDecrypt(encrypted, associatedData, body) ? body : null;
    }

    private static string KeyIdOf(byte[] encrypted) => Encoding.UTF8.GetString(encrypted, 1, encrypted[0]);

    private static byte[] Encrypt(SecretKey[] keys, ReadOnlySpan<byte> body, ReadOnlySpan<byte> associatedData)
    {
        var cipher = new MessageCipher(keys);
        var encrypted = new byte[cipher.Overhead + body.Length];
        cipher.Encrypt(body, associatedData, encrypted);
        return encrypted;
    }
}
