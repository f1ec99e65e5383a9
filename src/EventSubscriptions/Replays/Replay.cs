using Azure;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Replays;

/// <summary>Events of a span of time that are delivered to one subscription once more.</summary>
public sealed record Replay
{
    public required OrganizationId OrganizationId { get; init; }

    public required SubscriptionId SubscriptionId { get; init; }

    /// <summary>Also the run of its deliveries.</summary>
    public required ReplayId Id { get; init; }

    /// <summary>The first moment in it.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>The first moment after it.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>The events that it is limited to, or null for all that the subscription wants.</summary>
    public IReadOnlyList<string>? Events { get; init; }

    /// <summary>One of <see cref="ReplaySelection"/>.</summary>
    public required string Only { get; init; }

    /// <summary>It counts and sends nothing.</summary>
    public required bool DryRun { get; init; }

    /// <summary>One of <see cref="ReplayState"/>.</summary>
    public required string State { get; init; }

    /// <summary>How many events were found so far.</summary>
    public long Matched { get; init; }

    /// <summary>How many of them are on the queue.</summary>
    public long Sent { get; init; }

    /// <summary>How many slices of the work are done.</summary>
    public int Slices { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Who started it.</summary>
    public required Actor StartedBy { get; init; }

    /// <summary>Who cancelled it.</summary>
    public Actor? CancelledBy { get; init; }

    /// <summary>Why it failed.</summary>
    public ReplayFailure? Failure { get; init; }

    /// <summary>The version of the row that this was read from.</summary>
    public ETag ETag { get; init; }

    /// <summary>Whether there is nothing left to do.</summary>
    public bool HasEnded => State is not (ReplayState.Counting or ReplayState.Running);

    /// <summary>Whether it is about events of this name, for a subscription to others.</summary>
    public bool Wants(Subscription subscription, string eventName) =>
        Holds(subscription.Events, eventName) && (Events is null || Holds(Events, eventName));

    private static bool Holds(IReadOnlyList<string> names, string eventName) =>
        names is [ActiveSubscriptions.EveryEvent] || names.Contains(eventName, StringComparer.Ordinal);
}

/// <summary>Why a replay ended before its end.</summary>
/// <param name="Kind">For programs.</param>
/// <param name="Detail">A sentence for people.</param>
public sealed record ReplayFailure(string Kind, string Detail)
{
    public const string SubscriptionDeleted = "SubscriptionDeleted";
    public const string SubscriptionInactive = "SubscriptionInactive";
    public const string NotQueued = "NotQueued";
    public const string Stalled = "Stalled";
}

/// <summary>The states of a replay.</summary>
public static class ReplayState
{
    /// <summary>It looks for its events.</summary>
    public const string Counting = "counting";

    /// <summary>It sends them.</summary>
    public const string Running = "running";

    /// <summary>All of them are on the queue, or counted.</summary>
    public const string Completed = "completed";

    /// <summary>Somebody has ended it.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>It could not go on.</summary>
    public const string Failed = "failed";
}

/// <summary>Which of the matching events are replayed.</summary>
public static class ReplaySelection
{
    public const string All = "all";

    /// <summary>Those whose last attempt failed.</summary>
    public const string Failed = "failed";

    /// <summary>Those that there was no attempt for: they were published while the subscription was inactive or did not exist.</summary>
    public const string Missed = "missed";

    /// <summary>Every selection.</summary>
    public static IReadOnlyList<string> Every { get; } = [All, Failed, Missed];
}
