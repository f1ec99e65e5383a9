using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;
using LocalHost.Messaging;

namespace LocalHost.ServiceBus;

/// <summary>Converts messages between the SDK and the broker.</summary>
internal static class Messages
{
    private const string LockedUntilAnnotation = "x-opt-locked-until";
    private const string SequenceNumberAnnotation = "x-opt-sequence-number";
    private const string EnqueuedTimeAnnotation = "x-opt-enqueued-time";

    public static NewMessage ToNewMessage(this ServiceBusMessage message) =>
        new()
        {
            MessageId = message.MessageId,
            ContentType = message.ContentType,
            Properties = message.ApplicationProperties,
            Body = message.Body,
            ScheduledEnqueueTime = message.ScheduledEnqueueTime,
        };

    public static ServiceBusReceivedMessage ToServiceBusReceivedMessage(this ReceivedMessage received)
    {
        var message = new AmqpAnnotatedMessage(AmqpMessageBody.FromData([received.Body]));
        if (received.MessageId is { } id)
        {
            message.Properties.MessageId = new AmqpMessageId(id);
        }

        message.Properties.ContentType = received.ContentType;
        message.Header.DeliveryCount = (uint)received.DeliveryCount;
        foreach (var (name, value) in received.Properties)
        {
            message.ApplicationProperties.Add(name, value);
        }

        message.MessageAnnotations[SequenceNumberAnnotation] = received.SequenceNumber;
        message.MessageAnnotations[EnqueuedTimeAnnotation] = received.EnqueuedTime.UtcDateTime;
        message.MessageAnnotations[LockedUntilAnnotation] = received.LockedUntil.UtcDateTime;
        return ServiceBusReceivedMessage.FromAmqpMessage(message, new BinaryData(received.LockToken.ToByteArray()));
    }

    /// <summary>Updates the message after its lock was renewed.</summary>
    public static void SetLockedUntil(ServiceBusReceivedMessage message, DateTimeOffset time) =>
        message.GetRawAmqpMessage().MessageAnnotations[LockedUntilAnnotation] = time.UtcDateTime;
}
