using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;
using LocalHost.Messaging;

namespace LocalHost.ServiceBus;

/// <summary>Makes the SDK's received messages, which it makes from AMQP alone.</summary>
internal static class ReceivedMessages
{
    public const string DeadLetterReasonProperty = "DeadLetterReason";
    public const string DeadLetterErrorDescriptionProperty = "DeadLetterErrorDescription";

    private const string LockedUntilAnnotation = "x-opt-locked-until";
    private const string SequenceNumberAnnotation = "x-opt-sequence-number";
    private const string EnqueuedTimeAnnotation = "x-opt-enqueued-time";

    public static ServiceBusReceivedMessage Create(
        StoredContent content, Guid lockToken, DateTimeOffset lockedUntil, long sequenceNumber, int deliveryCount, DateTimeOffset enqueued)
    {
        var message = new AmqpAnnotatedMessage(AmqpMessageBody.FromData([content.Body]));
        if (content.MessageId is { } id)
        {
            message.Properties.MessageId = new AmqpMessageId(id);
        }

        message.Properties.ContentType = content.ContentType;
        message.Header.DeliveryCount = (uint)deliveryCount;
        foreach (var (name, value) in content.Properties)
        {
            message.ApplicationProperties.Add(name, value);
        }

        message.MessageAnnotations[SequenceNumberAnnotation] = sequenceNumber;
        message.MessageAnnotations[EnqueuedTimeAnnotation] = enqueued.UtcDateTime;
        message.MessageAnnotations[LockedUntilAnnotation] = lockedUntil.UtcDateTime;
        return ServiceBusReceivedMessage.FromAmqpMessage(message, new BinaryData(lockToken.ToByteArray()));
    }

    /// <summary>The lock was renewed.</summary>
    public static void SetLockedUntil(ServiceBusReceivedMessage message, DateTimeOffset time) =>
        message.GetRawAmqpMessage().MessageAnnotations[LockedUntilAnnotation] = time.UtcDateTime;
}
