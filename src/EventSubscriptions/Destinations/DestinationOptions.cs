using System.Net;
using EventSubscriptions.Options;

namespace EventSubscriptions.Destinations;

/// <summary>Settings that decide which URLs and addresses may be called.</summary>
public sealed record DestinationOptions
{
    private const string Networks = "Deliveries__AllowedNetworks";

    /// <summary>
    /// <c>Deliveries__AllowInsecureDestinations</c>: allows http and private addresses. For development and closed networks.
    /// </summary>
    public bool AllowInsecureDestinations { get; init; }

    /// <summary>
    /// <c>Deliveries__AllowedNetworks</c>: networks that may be called although they are not public. They may not allow link-local
    /// addresses and those of the cloud platform.
    /// </summary>
    public IReadOnlyList<IPNetwork> AllowedNetworks { get; init; } = [];

    /// <summary>Reads and checks the settings.</summary>
    public static DestinationOptions Read(OptionsReader reader) =>
        new()
        {
            AllowInsecureDestinations = reader.Boolean("Deliveries__AllowInsecureDestinations", defaultValue: false),
            AllowedNetworks = ReadNetworks(reader),
        };

    private static List<IPNetwork> ReadNetworks(OptionsReader reader)
    {
        List<IPNetwork> networks = [];
        var parts = reader.Text(Networks)?.Split(',', StringSplitOptions.TrimEntries) ?? [];
        for (var i = 0; i < parts.Length; i++)
        {
            if (IPNetwork.TryParse(parts[i], out var network) && IsBaseAddress(network, parts[i]))
            {
                networks.Add(network);
            }
            else
            {
                reader.AddError(
                    Networks,
                    $"must be comma-separated networks such as 10.1.0.0/16 or fd12:3456::/32, whose address has no bits after the prefix; number {i + 1} is invalid"
                );
            }
        }

        return networks;
    }

    /// <summary>Whether the address has no bits after the prefix: <c>10.1.2.3/8</c> is more likely a mistake than 10.0.0.0/8.</summary>
    private static bool IsBaseAddress(IPNetwork network, string text) =>
        IPAddress.TryParse(text.AsSpan(0, text.IndexOf('/', StringComparison.Ordinal)), out var address)
        && address.Equals(network.BaseAddress);
}
