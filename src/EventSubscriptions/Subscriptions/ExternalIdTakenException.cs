namespace EventSubscriptions.Subscriptions;

/// <summary>Another subscription of the organization has the same external id.</summary>
public sealed class ExternalIdTakenException(Exception inner)
    : Exception("Another subscription of the organization has the same external id.", inner);
