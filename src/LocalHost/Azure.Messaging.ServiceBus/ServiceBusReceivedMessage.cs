namespace Azure.Messaging.ServiceBus;

public class ServiceBusReceivedMessage
{
    internal const string DeadLetterReasonProperty = "DeadLetterReason";
    internal const string DeadLetterErrorDescriptionProperty = "DeadLetterErrorDescription";

    internal ServiceBusReceivedMessage() { }

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
    public string? DeadLetterReason => ApplicationProperties.GetValueOrDefault(DeadLetterReasonProperty) as string;

    /// <summary>Lies in the application properties, as in Service Bus.</summary>
    public string? DeadLetterErrorDescription => ApplicationProperties.GetValueOrDefault(DeadLetterErrorDescriptionProperty) as string;

    internal Guid LockTokenGuid { get; init; }
}
