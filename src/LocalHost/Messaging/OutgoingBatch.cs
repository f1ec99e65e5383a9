using LocalHost.Storage;

namespace LocalHost.Messaging;

/// <summary>Messages to be sent to a queue, serialized when they were added.</summary>
/// <remarks>
/// Service Bus measures messages in their AMQP encoding. The sizes here differ from it by a few dozen bytes.
/// </remarks>
/// <param name="maxSize">The limit of all messages with their properties, in bytes.</param>
internal sealed class OutgoingBatch(int maxSize = MessageLimits.Size) : IDisposable
{
    private readonly ByteWriter _bytes = new();
    private readonly List<OutgoingMessage> _messages = [];

    public IReadOnlyList<OutgoingMessage> Messages => _messages;

    /// <summary>The serialized messages.</summary>
    public Span<byte> Bytes => _bytes.Written;

    /// <exception cref="MessageTooLargeException">The messages are too large or too many for one batch.</exception>
    public static OutgoingBatch Of(params IEnumerable<NewMessage> messages)
    {
        var batch = new OutgoingBatch();
        foreach (var message in messages)
        {
            if (!batch.TryAdd(message))
            {
                throw new MessageTooLargeException(
                    $"A batch must not exceed {MessageLimits.Size} bytes, properties included, and {MessageLimits.MessagesInBatch} messages."
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

    /// <summary>Returns false if the message doesn't fit.</summary>
    /// <exception cref="MessageTooLargeException">The message's properties are too large for any batch.</exception>
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
                $"A property must not exceed {MessageLimits.PropertySize} bytes, and all properties of a message {MessageLimits.PropertiesSize}."
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
