using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Queues;

/// <summary>
/// What becomes of dead letters. One that the broker gave up because its function failed or died too often is put back, each time after a longer wait:
/// our own trouble is no reason to lose it. Everything else, and what has been put back often enough, is recorded.
/// </summary>
public static class DeadLetterPolicy
{
    /// <summary>The broker's reason for what was delivered too often without settlement.</summary>
    public const string MaxDeliveryCountExceeded = "MaxDeliveryCountExceeded";

    /// <summary>The property that counts how often a message was put back.</summary>
    public const string ReturnedProperty = "returned";

    private static readonly TimeSpan[] s_waits = [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];

    /// <summary>How long to wait before the message is put back, or null to record it.</summary>
    /// <param name="reason">The dead-letter reason.</param>
    /// <param name="returned">How often the message was put back before.</param>
    public static TimeSpan? PutBackAfter(string? reason, int returned) =>
        reason == MaxDeliveryCountExceeded && returned < s_waits.Length ? s_waits[Math.Max(returned, 0)] : null;

    /// <summary>How often the message was put back before.</summary>
    public static int ReturnedOf(ServiceBusReceivedMessage deadLetter) =>
        deadLetter.ApplicationProperties.TryGetValue(ReturnedProperty, out var value) && value is int returned ? returned : 0;

    /// <summary>The copy that is put back. Putting the same dead letter back twice makes one copy, by duplicate detection.</summary>
    public static ServiceBusMessage PutBack(ServiceBusReceivedMessage deadLetter, DateTimeOffset until)
    {
        var returned = ReturnedOf(deadLetter) + 1;
        var copy = MessageCopy.Of(deadLetter, $"returned {returned}");
        copy.ApplicationProperties[ReturnedProperty] = returned;
        copy.ScheduledEnqueueTime = until;
        return copy;
    }
}
