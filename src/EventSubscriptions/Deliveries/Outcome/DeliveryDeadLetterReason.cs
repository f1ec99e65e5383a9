namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>Why deliveries are given up. The audit log shows these as <c>error.kind</c>.</summary>
public static class DeliveryDeadLetterReason
{
    /// <summary>The message is not a delivery.</summary>
    public const string MalformedDelivery = "MalformedDelivery";

    /// <summary>The payload is no longer archived.</summary>
    public const string PayloadExpired = "PayloadExpired";

    /// <summary>Every attempt of the retry schedule has failed.</summary>
    public const string RetriesExhausted = "RetriesExhausted";

    /// <summary>The guard refuses the URL.</summary>
    public const string DestinationForbidden = "DestinationForbidden";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [MalformedDelivery, PayloadExpired, RetriesExhausted, DestinationForbidden];
}
