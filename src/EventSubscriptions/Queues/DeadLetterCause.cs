using Azure.Messaging.ServiceBus;

namespace EventSubscriptions.Queues;

/// <summary>What a dead letter says about itself.</summary>
/// <param name="Name">The reason as it is in Service Bus; <c>Unknown</c> if there is none.</param>
/// <param name="Reason">The reason, or null if another application dead-lettered the message.</param>
/// <param name="Description">The same for people.</param>
public sealed record DeadLetterCause(string Name, DeadLetterReason? Reason, string Description)
{
    public static DeadLetterCause Of(ServiceBusReceivedMessage deadLetter) =>
        new(
            deadLetter.DeadLetterReason ?? "Unknown",
            Parse(deadLetter.DeadLetterReason),
            deadLetter.DeadLetterErrorDescription ?? "The message was dead-lettered without a description."
        );

    private static DeadLetterReason? Parse(string? text)
    {
        foreach (var reason in Enum.GetValues<DeadLetterReason>())
        {
            if (reason.ToString() == text)
            {
                return reason;
            }
        }

        return null;
    }
}
