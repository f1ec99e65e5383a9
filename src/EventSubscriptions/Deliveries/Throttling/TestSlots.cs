using EventSubscriptions.Organizations;

namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>Limits an organization's concurrent tests, which bypass the queue and the limits of subscriptions.</summary>
public sealed class TestSlots(LimitsOptions limits) : OrganizationSlots(limits.TestsPerOrganization);
