namespace EventSubscriptions.Events.FanOut;

/// <summary>What is to be done with an event's message.</summary>
public abstract record FanOutResult
{
    private FanOutResult()
    {
    }

    /// <summary>Complete it: everything that it leads to is stored.</summary>
    public sealed record Done : FanOutResult
    {
        internal static readonly Done Instance = new();
    }

    /// <summary>Dead-letter it: it would never get through.</summary>
    /// <param name="Reason">One of <see cref="EventDeadLetterReason"/>.</param>
    /// <param name="Description">What is wrong, for people.</param>
    public sealed record Refused(string Reason, string Description) : FanOutResult;

    /// <summary>Abandon it: a mistake in the program, which the broker gives up on after some deliveries.</summary>
    public sealed record Failed : FanOutResult
    {
        internal static readonly Failed Instance = new();
    }

    /// <summary>Neither done nor put off, since tables or queues can't be reached: wait, then abandon it.</summary>
    public sealed record Stuck(Exception Cause) : FanOutResult;
}
