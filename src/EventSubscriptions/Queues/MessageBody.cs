using System.Text;
using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Queues;

/// <summary>Reads the body of a message from any client: some send a text as an AMQP value instead of bytes.</summary>
internal static class MessageBody
{
    /// <summary>The bytes, those of a text in UTF-8, or null where the body is neither.</summary>
    public static ReadOnlyMemory<byte>? Read(ServiceBusReceivedMessage message)
    {
        var body = message.GetRawAmqpMessage().Body;
        if (body.BodyType == AmqpMessageBodyType.Data)
        {
            return message.Body.ToMemory();
        }

        return body.TryGetValue(out var value) && value is string text ? Encoding.UTF8.GetBytes(text) : default(ReadOnlyMemory<byte>?);
    }
}
