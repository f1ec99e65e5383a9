namespace EventSubscriptions.Queues;

/// <summary>
/// Why a message was dead-lettered. The names are the reasons in Service Bus, <c>error.kind</c> in the audit log, and <c>reason</c> in
/// metrics.
/// </summary>
public enum DeadLetterReason
{
    /// <summary>Service Bus: the message was delivered too often without being settled.</summary>
    MaxDeliveryCountExceeded,

    /// <summary>The message is not an event.</summary>
    MalformedEvent,

    /// <summary>The event's payload is larger than 192 KiB.</summary>
    PayloadTooLarge,

    /// <summary>The organization already has a different event with this id.</summary>
    IdReused,

    /// <summary>The event has the name of an operational event, which only this app publishes.</summary>
    ReservedName,

    /// <summary>The message is not a delivery.</summary>
    MalformedDelivery,

    /// <summary>The delivery's payload is no longer archived.</summary>
    PayloadExpired,

    /// <summary>The payload was removed on request before the delivery ended.</summary>
    PayloadRemoved,

    /// <summary>All attempts of the retry schedule failed.</summary>
    RetriesExhausted,

    /// <summary>The subscription's URL may not be called.</summary>
    DestinationForbidden,

    /// <summary>The message is not a slice of a replay.</summary>
    MalformedReplay,
}
