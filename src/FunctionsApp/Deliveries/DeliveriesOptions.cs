namespace EventSubscriptions.Deliveries;

/// <summary>The settings <c>Deliveries__…</c>.</summary>
public sealed record DeliveriesOptions
{
    /// <summary>Allows http and addresses that aren't public. For development and closed networks.</summary>
    public bool AllowInsecureDestinations { get; init; }
}
