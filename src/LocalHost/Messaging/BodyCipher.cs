using System.Diagnostics.CodeAnalysis;
using System.Text;
using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>Encrypts the bodies of a queue's messages, each for its queue and message id alone.</summary>
internal sealed class BodyCipher(MessageCipher cipher, string queue)
{
    private readonly byte[] _queue = [.. Encoding.UTF8.GetBytes(queue.ToLowerInvariant()), 0];

    public int Overhead => cipher.Overhead;

    public void Encrypt(ReadOnlySpan<byte> body, string? messageId, Span<byte> encrypted) =>
        cipher.Encrypt(body, Place(messageId, stackalloc byte[_queue.Length + (MessageLimits.MessageIdLength * 3)]), encrypted);

    /// <summary>The message with its body decrypted. False if its key is missing, or if the body is not as it was stored.</summary>
    public bool TryDecrypt(ReadOnlySpan<byte> stored, [NotNullWhen(true)] out byte[]? message)
    {
        var bodyStart = StoredMessage.ReadHeader(stored).BodyStart;
        var encrypted = stored[bodyStart..];
        message = null;
        if (!cipher.TryGetLength(encrypted, out var length))
        {
            return false;
        }

        var decrypted = new byte[bodyStart + length];
        stored[..bodyStart].CopyTo(decrypted);
        var place = Place(StoredMessage.ReadMessageId(stored), stackalloc byte[_queue.Length + (MessageLimits.MessageIdLength * 3)]);
        message = cipher.TryDecrypt(encrypted, place, decrypted.AsSpan(bodyStart)) ? decrypted : null;
        return message is not null;
    }

    private Span<byte> Place(string? messageId, Span<byte> place)
    {
        _queue.CopyTo(place);
        return place[..(_queue.Length + Encoding.UTF8.GetBytes(messageId, place[_queue.Length..]))];
    }
}
