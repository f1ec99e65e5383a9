using System.Text;
using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Queues;

/// <summary>Reads the body of a message from any client: some send a string as an AMQP value instead of binary data.</summary>
internal static class MessageBody
{
    /// <summary>The bytes, or those of a string as UTF-8; null if the body is neither.</summary>
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
