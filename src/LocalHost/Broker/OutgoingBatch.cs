using System.Runtime.InteropServices;
using Azure.Messaging.ServiceBus;

namespace LocalHost.Messaging;

/// <summary>Messages on their way to a queue, in the form in which they will be stored.</summary>
/// <remarks>
/// The service counts a message's size in its AMQP form. The stored form that counts here is within a few dozen bytes of it.
/// </remarks>
/// <param name="maxSize">Of all messages together with their properties, in bytes.</param>
internal sealed class OutgoingBatch(int maxSize = MessageLimits.Size) : IDisposable
{
    private readonly ByteWriter _bytes = new();
    private readonly List<OutgoingMessage> _messages = [];

    public IReadOnlyList<OutgoingMessage> Messages => _messages;

    /// <summary>The messages one after another.</summary>
    public Span<byte> Bytes => _bytes.Written;

    /// <exception cref="ServiceBusException">They are too large or too many for one send.</exception>
    public static OutgoingBatch Of(params IEnumerable<ServiceBusMessage> messages)
    {
        var batch = new OutgoingBatch();
        foreach (var message in messages)
        {
            if (!batch.TryAdd(message))
                throw MessageLimits.Exceeded($"A send carries at most {MessageLimits.Size} bytes, properties included, and {MessageLimits.MessagesInBatch} messages.");
        }
        return batch;
    }

    public void Dispose()
    {
        _messages.Clear();
        _bytes.Dispose();
    }

    /// <summary>False where the message would not fit.</summary>
    public bool TryAdd(ServiceBusMessage message)
    {
        if (_messages.Count == MessageLimits.MessagesInBatch)
            return false;

        var start = _bytes.Length;
        var (properties, largest) = StoredMessage.Write(_bytes, message.MessageId, message.ContentType, message.ApplicationProperties, message.Body);
        if (properties > MessageLimits.PropertiesSize || largest > MessageLimits.PropertySize)
            throw MessageLimits.Exceeded($"A property has at most {MessageLimits.PropertySize} bytes, all of a message at most {MessageLimits.PropertiesSize}.");
        if (_bytes.Length > maxSize)
        {
            _bytes.CutTo(start);
            return false;
        }

        _messages.Add(new(start, _bytes.Length - start, message.MessageId is { } id ? DuplicateKey.Of(id) : null, message.ScheduledEnqueueTime.UtcTicks));
        return true;
    }
}

/// <param name="Start">Where it starts in the batch's bytes.</param>
/// <param name="Scheduled">UTC ticks from which it can be received; in the past for at once.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct OutgoingMessage(int Start, int Length, DuplicateKey? Key, long Scheduled);
