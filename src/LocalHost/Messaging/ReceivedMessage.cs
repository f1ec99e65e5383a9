namespace LocalHost.Messaging;

/// <summary>A message that a receiver has locked.</summary>
internal sealed record ReceivedMessage
{
    /// <summary>The property with a dead letter's reason, as in Service Bus.</summary>
    public const string DeadLetterReasonProperty = "DeadLetterReason";

    /// <summary>The property with a dead letter's description, as in Service Bus.</summary>
    public const string DeadLetterErrorDescriptionProperty = "DeadLetterErrorDescription";

    public required Guid LockToken { get; init; }

    public required DateTimeOffset LockedUntil { get; init; }

    public required long SequenceNumber { get; init; }

    /// <summary>How often it was received, including this time.</summary>
    public required int DeliveryCount { get; init; }

    /// <summary>When it became available.</summary>
    public required DateTimeOffset EnqueuedTime { get; init; }

    public string? MessageId { get; init; }

    public string? ContentType { get; init; }

    public required IReadOnlyDictionary<string, object> Properties { get; init; }

    public required ReadOnlyMemory<byte> Body { get; init; }

    public string? DeadLetterReason => Properties.GetValueOrDefault(DeadLetterReasonProperty) as string;

    public string? DeadLetterErrorDescription => Properties.GetValueOrDefault(DeadLetterErrorDescriptionProperty) as string;
}
