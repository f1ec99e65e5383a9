namespace EventSubscriptions.Subscriptions;

/// <summary>How many subscriptions an organization has.</summary>
/// <param name="Active">Active ones, failing or not.</param>
/// <param name="Failing">Active ones whose deliveries are failing.</param>
/// <param name="Deactivated">Those that a user or the app has deactivated.</param>
internal sealed record SubscriptionCounts(int Active, int Failing, int Deactivated);
