namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>An attempt that was made.</summary>
/// <param name="Result">The raw result.</param>
/// <param name="Decision">What follows from it.</param>
/// <param name="IsOutdated">Whether it was sent with a URL or token that the subscription no longer has, and so says nothing about its
/// receiver.</param>
public sealed record AttemptResult(DeliveryResult Result, DeliveryDecision Decision, bool IsOutdated);
