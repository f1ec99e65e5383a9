using EventSubscriptions.Audit;
using EventSubscriptions.Events;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>What an attempt says about the health of its subscription.</summary>
/// <param name="EventName">The event that was sent.</param>
/// <param name="Decision">What follows from its result.</param>
/// <param name="At">When it was sent.</param>
/// <param name="StatusCode">The status of the response, if there was one.</param>
public sealed record TrackedAttempt(EventName EventName, DeliveryDecision Decision, DateTimeOffset At, int? StatusCode)
{
    /// <summary>Whether it was at an operational event: failing to deliver one is not reported by another.</summary>
    public bool IsOperational => OperationalEvents.Contains(EventName);

    /// <summary>Why it failed, or null.</summary>
    public AuditError? Error =>
        Decision.Error is { } error ? new AuditError(error.Kind.ToName(), error.Detail, FailureHint.For(error.Kind, StatusCode)) : null;
}
