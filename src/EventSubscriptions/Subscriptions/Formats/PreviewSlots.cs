using EventSubscriptions.Organizations;

namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>Limits the concurrent previews of an organization: each may take seconds of work.</summary>
public sealed class PreviewSlots() : OrganizationSlots(2);
