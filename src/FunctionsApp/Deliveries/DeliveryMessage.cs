using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Deliveries;

/// <summary>One delivery of one event to one subscription, as a message on the queue <c>deliveries</c>.</summary>
public sealed record DeliveryMessage
{
    /// <summary>The run of an event's first fan-out; a resend or a replay has its own id.</summary>
    public const string EventRun = "event";

    public required OrganizationId OrganizationId { get; init; }

    public required SubscriptionId SubscriptionId { get; init; }

    public required EventId EventId { get; init; }

    public required string EventName { get; init; }

    public string Run { get; init; } = EventRun;

    /// <summary>From 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>How often this attempt was put off, from 0.</summary>
    public int Hold { get; init; }

    public DateTimeOffset? FirstAttemptAt { get; init; }

    /// <summary>W3C trace context of the publish.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Makes the message. Its <c>MessageId</c> is a hash of what makes the delivery itself, so that a repeat is dropped as a duplicate. An empty body is read from the archive.</summary>
    public ServiceBusMessage ToServiceBusMessage(ReadOnlyMemory<byte> payload) => throw new NotImplementedException();
}
