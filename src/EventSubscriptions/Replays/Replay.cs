using Azure;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Replays;

/// <summary>A replay: the events of a time range, delivered to one subscription again.</summary>
public sealed record Replay
{
    public required OrganizationId OrganizationId { get; init; }

    public required SubscriptionId SubscriptionId { get; init; }

    /// <summary>Also the run of its deliveries.</summary>
    public required ReplayId Id { get; init; }

    /// <summary>The first moment of the range.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>The first moment after the range.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>The events to include, or null for all that the subscription matches.</summary>
    public IReadOnlyList<string>? Events { get; init; }

    public required ReplaySelection Only { get; init; }

    /// <summary>Whether it only counts.</summary>
    public required bool DryRun { get; init; }

    public required ReplayState State { get; init; }

    /// <summary>How many events were found so far.</summary>
    public long Matched { get; init; }

    /// <summary>How many of them are queued.</summary>
    public long Sent { get; init; }

    /// <summary>How many slices are done.</summary>
    public int Slices { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Who started it.</summary>
    public required Actor StartedBy { get; init; }

    /// <summary>Who cancelled it.</summary>
    public Actor? CancelledBy { get; init; }

    /// <summary>Why it failed.</summary>
    public ReplayFailure? Failure { get; init; }

    /// <summary>The version of the row.</summary>
    public ETag ETag { get; init; }

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => State is not (ReplayState.Counting or ReplayState.Running);

    /// <summary>Whether it includes events with this name.</summary>
    public bool Wants(Subscription subscription, EventName eventName, EventCatalogue catalogue) =>
        EventPattern.MatchesAny(subscription.Events, eventName.ToString(), catalogue)
        && (Events is null || Events.Contains(eventName.ToString(), StringComparer.Ordinal));
}

/// <summary>Why a replay failed.</summary>
/// <param name="Kind">For programs.</param>
/// <param name="Detail">A sentence for people.</param>
public sealed record ReplayFailure(string Kind, string Detail)
{
    public const string SubscriptionDeleted = "SubscriptionDeleted";
    public const string SubscriptionInactive = "SubscriptionInactive";
    public const string NotQueued = "NotQueued";
    public const string Stalled = "Stalled";
}
