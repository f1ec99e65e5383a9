using Azure.Messaging.ServiceBus;

namespace TestSupport;

/// <summary>Makes messages as if received, as the class of that name in the real package does.</summary>
internal static class ServiceBusModelFactory
{
    public static ServiceBusReceivedMessage ServiceBusReceivedMessage(
        BinaryData? body = null,
        string? messageId = null,
        string? contentType = null,
        IDictionary<string, object>? properties = null,
        int deliveryCount = 0,
        long sequenceNumber = -1,
        DateTimeOffset enqueuedTime = default) => new()
        {
            Body = body ?? new BinaryData(ReadOnlyMemory<byte>.Empty),
            MessageId = messageId,
            ContentType = contentType,
            ApplicationProperties = properties is null ? new Dictionary<string, object>(StringComparer.Ordinal) : new Dictionary<string, object>(properties, StringComparer.Ordinal),
            DeliveryCount = deliveryCount,
            SequenceNumber = sequenceNumber,
            EnqueuedTime = enqueuedTime,
        };
}
