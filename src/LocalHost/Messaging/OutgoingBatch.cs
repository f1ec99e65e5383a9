using System.Runtime.InteropServices;
using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>Messages on their way to a queue, as they were when they were added.</summary>
/// <remarks>
/// The service counts a message's size in its AMQP form. The form that counts here is within a few dozen bytes of it.
/// </remarks>
/// <param name="maxSize">Of all messages together with their properties, in bytes.</param>
internal sealed class OutgoingBatch(int maxSize = MessageLimits.Size) : IDisposable
{
    private readonly ByteWriter _bytes = new();
    private readonly List<OutgoingMessage> _messages = [];

    public IReadOnlyList<OutgoingMessage> Messages => _messages;

    /// <summary>The messages one after another.</summary>
    public Span<byte> Bytes => _bytes.Written;

    /// <exception cref="MessageTooLargeException">They are too large or too many for one send.</exception>
    public static OutgoingBatch Of(params IEnumerable<NewMessage> messages)
    {
        var batch = new OutgoingBatch();
        foreach (var message in messages)
        {
            if (!batch.TryAdd(message))
            {
                throw new MessageTooLargeException(
                    $"A send carries at most {MessageLimits.Size} bytes, properties included, and {MessageLimits.MessagesInBatch} messages."
                );
            }
        }

        return batch;
    }

    public void Dispose()
    {
        _messages.Clear();
        _bytes.Dispose();
    }

    /// <summary>False if the message would not fit.</summary>
    /// <exception cref="MessageTooLargeException">Its properties are too large for any batch.</exception>
    public bool TryAdd(NewMessage message)
    {
        if (_messages.Count == MessageLimits.MessagesInBatch)
        {
            return false;
        }

        var start = _bytes.Length;
        var (properties, largest) = StoredMessage.WriteContent(_bytes, message.MessageId, message.ContentType, message.Properties);
        if (properties > MessageLimits.PropertiesSize || largest > MessageLimits.PropertySize)
        {
            _bytes.Truncate(start);
            throw new MessageTooLargeException(
                $"A property has at most {MessageLimits.PropertySize} bytes, all of a message at most {MessageLimits.PropertiesSize}."
            );
        }

        var bodyStart = _bytes.Length;
        _bytes.Write(message.Body.Span);
        if (_bytes.Length + ((_messages.Count + 1) * StoredMessage.HeaderLength) > maxSize)
        {
            _bytes.Truncate(start);
            return false;
        }

        _messages.Add(
            new(
                start,
                bodyStart,
                _bytes.Length,
                message.MessageId,
                message.MessageId is { } id ? DuplicateKey.Of(id) : null,
                message.ScheduledEnqueueTime.UtcTicks
            )
        );
        return true;
    }
}

/// <param name="Start">Where it starts in the batch's bytes: first its content, then its body.</param>
/// <param name="Scheduled">UTC ticks from which it can be received; in the past for at once.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct OutgoingMessage(int Start, int BodyStart, int End, string? MessageId, DuplicateKey? Key, long Scheduled);
