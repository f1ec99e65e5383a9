namespace Azure.Messaging.ServiceBus;

public class ServiceBusReceivedMessage
{
    internal ServiceBusReceivedMessage() { }

    public IReadOnlyDictionary<string, object> ApplicationProperties { get; internal init; } = new Dictionary<string, object>(StringComparer.Ordinal);

    public BinaryData Body { get; internal init; } = new(ReadOnlyMemory<byte>.Empty);

    public string? ContentType { get; internal init; }

    public string? MessageId { get; internal init; }

    public string LockToken => LockTokenGuid.ToString();

    public DateTimeOffset LockedUntil { get; internal set; }

    public int DeliveryCount { get; internal init; }

    public long SequenceNumber { get; internal init; }

    public DateTimeOffset EnqueuedTime { get; internal init; }

    public string? DeadLetterReason { get; internal init; }

    public string? DeadLetterErrorDescription { get; internal init; }

    internal Guid LockTokenGuid { get; init; }
}
