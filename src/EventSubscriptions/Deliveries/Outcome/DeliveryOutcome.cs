namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>The outcomes of attempts.</summary>
public static class DeliveryOutcome
{
    /// <summary>A 2xx.</summary>
    public const string Delivered = "delivered";

    /// <summary>Any other response, or none.</summary>
    public const string Failed = "failed";

    /// <summary>The receiver, or a proxy before it, is overloaded. Counts as an attempt.</summary>
    public const string Throttled = "throttled";

    /// <summary>A 410.</summary>
    public const string Gone = "gone";

    /// <summary>Not sent: the subscription is inactive.</summary>
    public const string Skipped = "skipped";

    /// <summary>All outcomes.</summary>
    public static IReadOnlyList<string> All { get; } = [Delivered, Failed, Throttled, Gone, Skipped];
}
