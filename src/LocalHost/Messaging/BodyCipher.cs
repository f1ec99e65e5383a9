using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace LocalHost.Messaging;

/// <summary>Encrypts the bodies of a queue's messages. The associated data is the queue and the message id.</summary>
internal sealed class BodyCipher(MessageCipher cipher, string queue)
{
    private readonly byte[] _queue = [.. Encoding.UTF8.GetBytes(queue.ToLowerInvariant()), 0];

    public int Overhead => cipher.Overhead;

    private int MaxAssociatedDataLength => _queue.Length + (MessageLimits.MessageIdLength * 3);

    public void Encrypt(ReadOnlySpan<byte> body, string? messageId, Span<byte> encrypted) =>
        cipher.Encrypt(body, WriteAssociatedData(messageId, stackalloc byte[MaxAssociatedDataLength]), encrypted);

    /// <summary>Decrypts the body of a message. Returns false if the key is unknown or the body was modified.</summary>
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
        var associatedData = WriteAssociatedData(StoredMessage.ReadMessageId(stored), stackalloc byte[MaxAssociatedDataLength]);
        message = cipher.TryDecrypt(encrypted, associatedData, decrypted.AsSpan(bodyStart)) ? decrypted : null;
        return message is not null;
    }

    private Span<byte> WriteAssociatedData(string? messageId, Span<byte> buffer)
    {
        _queue.CopyTo(buffer);
        return buffer[..(_queue.Length + Encoding.UTF8.GetBytes(messageId, buffer[_queue.Length..]))];
    }
}
