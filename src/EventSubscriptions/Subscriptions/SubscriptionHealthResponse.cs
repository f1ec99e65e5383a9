namespace EventSubscriptions.Subscriptions;

/// <summary>The health of a subscription in responses. Not covered by the subscription's <c>ETag</c>.</summary>
internal sealed record SubscriptionHealthResponse
{
    /// <summary><c>healthy</c>, <c>failing</c> or <c>deactivated</c> (by a user or automatically).</summary>
    public required string State { get; init; }

    public DateTimeOffset? FailingSince { get; init; }

    public required int Failures { get; init; }

    /// <summary>Why the app deactivated it; absent if a user did.</summary>
    public string? Reason { get; init; }

    public static SubscriptionHealthResponse Of(Subscription subscription, SubscriptionHealth health) =>
        new()
        {
            State =
                !subscription.IsActive ? "deactivated"
                : health.IsFailing ? "failing"
                : "healthy",
            FailingSince = health.FailingSince,
            Failures = health.Failures,
            Reason = health.Reason,
        };
}
