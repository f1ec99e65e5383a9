namespace EventSubscriptions.Subscriptions;

/// <summary>A subscription's health as callers see it. It is no part of what its <c>ETag</c> stands for.</summary>
internal sealed record SubscriptionHealthResponse
{
    /// <summary><c>healthy</c>, <c>failing</c> or <c>deactivated</c>, by whomever.</summary>
    public required string State { get; init; }

    public DateTimeOffset? FailingSince { get; init; }

    public required int Failures { get; init; }

    /// <summary>Why the app has deactivated it; absent where a person has.</summary>
    public string? Reason { get; init; }

    public static SubscriptionHealthResponse Of(Subscription subscription, SubscriptionHealth health) => new()
    {
        State = !subscription.IsActive ? "deactivated" : health.IsFailing ? "failing" : "healthy",
        FailingSince = health.FailingSince,
        Failures = health.Failures,
        Reason = health.Reason,
    };
}
