using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Queues;

/// <summary>
/// Which dead letters are requeued: those that Service Bus gave up on because their function failed or died too often, each time after a
/// longer delay, since a fault on our side must not lose a message. All others, and those that were requeued often enough, are recorded.
/// </summary>
public static class DeadLetterPolicy
{
    /// <summary>The property that counts how often a message was requeued.</summary>
    public const string RequeuesProperty = "requeues";

    private static readonly TimeSpan[] s_delays = [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];

    /// <summary>How long to wait before the message is requeued, or null to record it.</summary>
    /// <param name="reason">The dead-letter reason, or null for that of another application.</param>
    /// <param name="requeues">How often the message was requeued before.</param>
    public static TimeSpan? RequeueAfter(DeadLetterReason? reason, int requeues) =>
        reason == DeadLetterReason.MaxDeliveryCountExceeded && requeues < s_delays.Length ? s_delays[Math.Max(requeues, 0)] : null;

    /// <summary>How often the message was requeued before.</summary>
    public static int RequeuesOf(ServiceBusReceivedMessage message) =>
        message.ApplicationProperties.TryGetValue(RequeuesProperty, out var value) && value is int requeues and > 0 ? requeues : 0;

    /// <summary>The copy that is requeued. Requeuing the same dead letter twice makes one copy, by duplicate detection.</summary>
    public static ServiceBusMessage Requeue(ServiceBusReceivedMessage deadLetter, DateTimeOffset until)
    {
        var requeues = RequeuesOf(deadLetter) + 1;
        var copy = MessageCopy.Of(deadLetter, $"requeue {requeues}");
        copy.ApplicationProperties[RequeuesProperty] = requeues;
        copy.ScheduledEnqueueTime = until;
        return copy;
    }
}
