namespace LocalHost.Messaging;

/// <summary>A message that a receiver has locked.</summary>
internal sealed record ReceivedMessage
{
    /// <summary>The names of the properties in which a dead letter has its reason and description, as in Service Bus.</summary>
    public const string DeadLetterReasonProperty = "DeadLetterReason";

    /// <inheritdoc cref="DeadLetterReasonProperty"/>
    public const string DeadLetterErrorDescriptionProperty = "DeadLetterErrorDescription";

    public required Guid LockToken { get; init; }

    public required DateTimeOffset LockedUntil { get; init; }

    public required long SequenceNumber { get; init; }

    /// <summary>How often it was received, this time included.</summary>
    public required int DeliveryCount { get; init; }

    /// <summary>Since when it can be received.</summary>
    public required DateTimeOffset EnqueuedTime { get; init; }

    public string? MessageId { get; init; }

    public string? ContentType { get; init; }

    public required IReadOnlyDictionary<string, object> Properties { get; init; }

    public required ReadOnlyMemory<byte> Body { get; init; }

    public string? DeadLetterReason => Properties.GetValueOrDefault(DeadLetterReasonProperty) as string;

    public string? DeadLetterErrorDescription => Properties.GetValueOrDefault(DeadLetterErrorDescriptionProperty) as string;
}
