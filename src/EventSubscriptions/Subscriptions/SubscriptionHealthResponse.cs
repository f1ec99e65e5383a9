namespace EventSubscriptions.Subscriptions;

/// <summary>The health of a subscription in responses. Not covered by the subscription's <c>ETag</c>.</summary>
internal sealed record SubscriptionHealthResponse
{
    public required SubscriptionState State { get; init; }

    public DateTimeOffset? FailingSince { get; init; }

    public required int Failures { get; init; }

    /// <summary>Why the app deactivated it; absent if a user did.</summary>
    public string? Reason { get; init; }

    public static SubscriptionHealthResponse Of(Subscription subscription, SubscriptionHealth health) =>
        new()
        {
            State = StateOf(subscription, health.IsFailing),
            FailingSince = health.FailingSince,
            Failures = health.Failures,
            Reason = health.Reason,
        };

    public static SubscriptionState StateOf(Subscription subscription, bool isFailing) =>
        !subscription.IsActive ? SubscriptionState.Deactivated
        : isFailing ? SubscriptionState.Failing
        : SubscriptionState.Healthy;
}
