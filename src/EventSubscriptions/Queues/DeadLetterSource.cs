using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Queues;

/// <summary>The dead letters of one queue.</summary>
/// <param name="Queue">The queue's name.</param>
/// <param name="Requeue">Makes the copy that is requeued for a time; null if the message can't be processed again.</param>
/// <param name="RequeueTo">The queue that takes the copies: the same one, or another with duplicate detection.</param>
public sealed record DeadLetterSource(
    string Queue,
    Func<ServiceBusReceivedMessage, DateTimeOffset, ServiceBusMessage?> Requeue,
    ServiceBusSender RequeueTo
);
