using EventSubscriptions.Options;

namespace EventSubscriptions.Destinations;

/// <summary>Settings that decide which URLs and addresses may be called.</summary>
public sealed record DestinationOptions
{
    /// <summary>
    /// <c>Deliveries__AllowInsecureDestinations</c>: allows http and private addresses. For development and closed networks.
    /// </summary>
    public bool AllowInsecureDestinations { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static DestinationOptions Read(OptionsReader reader) =>
        new() { AllowInsecureDestinations = reader.Boolean("Deliveries__AllowInsecureDestinations", defaultValue: false) };
}
