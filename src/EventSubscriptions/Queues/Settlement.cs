namespace EventSubscriptions.Queues;

/// <summary>What to do with a message after it was processed.</summary>
public abstract record Settlement
{
    private Settlement() { }

    /// <summary>Everything that follows from the message is stored.</summary>
    public static Settlement Completed { get; } = new Complete();

    /// <summary>Remove the message from its queue.</summary>
    public sealed record Complete : Settlement;

    /// <summary>The message can never be processed: move it to the dead-letter queue.</summary>
    /// <param name="Reason">For programs.</param>
    /// <param name="Description">For people, without secrets.</param>
    public sealed record DeadLetter(DeadLetterReason Reason, string Description) : Settlement;

    /// <summary>Process the message again: postponed if the cause is a transient fault, else abandoned.</summary>
    public sealed record Retry(Exception Cause) : Settlement;
}
