using EventSubscriptions.Deliveries.Outcome;

namespace EventSubscriptions.Deliveries.Log;

/// <summary>Where the delivery of an event to a subscription stands.</summary>
/// <param name="Outcome">The outcome of the latest attempt; absent before the first.</param>
/// <param name="Attempts">The number of logged attempts, at most 1,000.</param>
/// <param name="LastAttemptAt">When the latest attempt ended.</param>
/// <param name="Waiting">Absent if no attempt follows.</param>
internal sealed record DeliveryStatus(DeliveryOutcome? Outcome, int Attempts, DateTimeOffset? LastAttemptAt, DeliveryWait? Waiting);

/// <summary>A delivery that waits.</summary>
/// <param name="Until">When the next attempt is due.</param>
/// <param name="Reason">Why it waits.</param>
internal sealed record DeliveryWait(DateTimeOffset Until, WaitReason Reason);
