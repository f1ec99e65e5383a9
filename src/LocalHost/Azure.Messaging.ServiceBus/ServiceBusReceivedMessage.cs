using LocalHost.Messaging;

namespace Azure.Messaging.ServiceBus;

public class ServiceBusReceivedMessage
{
    internal ServiceBusReceivedMessage() { }

    internal ServiceBusReceivedMessage(ReceivedMessage message)
    {
        ApplicationProperties = message.Properties;
        Body = new BinaryData(message.Body);
        ContentType = message.ContentType;
        MessageId = message.MessageId;
        LockTokenGuid = message.LockToken;
        LockedUntil = message.LockedUntil;
        DeliveryCount = message.DeliveryCount;
        SequenceNumber = message.SequenceNumber;
        EnqueuedTime = message.EnqueuedTime;
    }

    public IReadOnlyDictionary<string, object> ApplicationProperties { get; internal init; } = new Dictionary<string, object>(StringComparer.Ordinal);

    public BinaryData Body { get; internal init; } = new(ReadOnlyMemory<byte>.Empty);

    public string? ContentType { get; internal init; }

    public string? MessageId { get; internal init; }

    internal string LockToken => LockTokenGuid.ToString();

    internal DateTimeOffset LockedUntil { get; set; }

    /// <summary>How often the message was received, this time included.</summary>
    public int DeliveryCount { get; internal init; }

    public long SequenceNumber { get; internal init; }

    public DateTimeOffset EnqueuedTime { get; internal init; }

    /// <summary>Lies in the application properties, as in Service Bus.</summary>
    public string? DeadLetterReason => ApplicationProperties.GetValueOrDefault(ReceivedMessage.DeadLetterReasonProperty) as string;

    /// <summary>Lies in the application properties, as in Service Bus.</summary>
    public string? DeadLetterErrorDescription => ApplicationProperties.GetValueOrDefault(ReceivedMessage.DeadLetterErrorDescriptionProperty) as string;

    internal Guid LockTokenGuid { get; init; }
}
