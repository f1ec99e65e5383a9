using System.Net;
using System.Net.Sockets;

namespace EventSubscriptions.Destinations;

/// <summary>
/// The networks that webhooks are not sent to: the blocks of the IANA special-purpose address registries (RFC 6890) that are not globally
/// reachable, unassigned IPv6 space, and Azure's own service address.
/// </summary>
internal static class BlockedNetworks
{
    /// <summary>A block and its description. The first that contains an address describes it.</summary>
    private readonly record struct Block(IPNetwork Network, string Description, bool Always);

    /// <summary>IPv6 forms that embed an IPv4 address at an offset; Teredo inverts the client's.</summary>
    private readonly record struct EmbeddedForm(IPNetwork Network, int Offset, bool Inverted, string Name);

    private static readonly Block[] s_v4 =
    [
        V("0.0.0.0/8", "an address of this network"),
        V("10.0.0.0/8", "a private address"),
        Always("100.100.100.200/32", "the address of a cloud's metadata service"),
        V("100.64.0.0/10", "a shared address (carrier-grade NAT)"),
        V("127.0.0.0/8", "a loopback address"),
        Always("168.63.129.16/32", "an address of the cloud platform itself"),
        Always("169.254.169.254/32", "the address of a cloud's metadata service"),
        Always("169.254.0.0/16", "a link-local address"),
        V("172.16.0.0/12", "a private address"),
        Always("192.0.0.192/32", "the address of a cloud's metadata service"),
        V("192.0.0.0/24", "an address for protocol assignments"),
        V("192.0.2.0/24", "a documentation address"),
        V("192.88.99.0/24", "a 6to4 relay address"),
        V("192.168.0.0/16", "a private address"),
        V("198.18.0.0/15", "a benchmarking address"),
        V("198.51.100.0/24", "a documentation address"),
        V("203.0.113.0/24", "a documentation address"),
        V("224.0.0.0/4", "a multicast address"),
        V("255.255.255.255/32", "the broadcast address"),
        V("240.0.0.0/4", "a reserved address"),
    ];

    private static readonly Block[] s_v6 =
    [
        V("::/128", "the unspecified address"),
        V("::1/128", "a loopback address"),
        V("::/96", "an IPv4-compatible address"),
        V("64:ff9b:1::/48", "a local translation address"),
        V("100::/64", "a discard-only address"),
        V("2001:2::/48", "a benchmarking address"),
        V("2001:10::/28", "a deprecated overlay address"),
        V("2001:db8::/32", "a documentation address"),
        V("3fff::/20", "a documentation address"),
        V("5f00::/16", "a segment routing address"),
        Always("fd00:ec2::254/128", "the address of a cloud's metadata service"),
        V("fc00::/7", "a unique local address"),
        Always("fe80::/10", "a link-local address"),
        V("fec0::/10", "a site-local address"),
        V("ff00::/8", "a multicast address"),
        // Global unicast is 2000::/3 (RFC 4291 §2.4); the rest is reserved.
        V("::/3", "a reserved address"),
        V("4000::/2", "a reserved address"),
        V("8000::/1", "a reserved address"),
    ];

    private static readonly EmbeddedForm[] s_embedded =
    [
        new(IPNetwork.Parse("64:ff9b::/96"), 12, Inverted: false, "NAT64"),
        new(IPNetwork.Parse("2002::/16"), 2, Inverted: false, "6to4"),
        new(IPNetwork.Parse("2001::/32"), 4, Inverted: false, "Teredo"),
        new(IPNetwork.Parse("2001::/32"), 12, Inverted: true, "Teredo"),
    ];

    /// <summary>Forms that are blocked themselves, unless the settings allow them.</summary>
    private static readonly EmbeddedForm[] s_blockedForms =
    [
        new(IPNetwork.Parse("::/96"), 12, Inverted: false, "IPv4-compatible"),
        new(IPNetwork.Parse("::ffff:0:0:0/96"), 12, Inverted: false, "IPv4-translated"),
        new(IPNetwork.Parse("64:ff9b:1::/48"), 12, Inverted: false, "local NAT64"),
    ];

    /// <summary>The block of an address, or null if the address is public or allowed.</summary>
    /// <param name="allowed">Networks that are not blocked, unless they belong to the platform. For an address that embeds an IPv4 address
    /// and is routed there, they are those of the embedded one.</param>
    public static BlockedNetwork? Find(IPAddress address, IReadOnlyList<IPNetwork> allowed)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return Find(s_v4, address, allowed);
        }

        // IPNetwork treats a mapped address as the IPv4 one, also against IPv6 blocks.
        if (address.IsIPv4MappedToIPv6)
        {
            return FindInner(address.MapToIPv4(), "IPv4-mapped", allowed);
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        var isEmbedded = false;
        BlockedNetwork? found = null;
        foreach (var form in s_embedded.Where(form => form.Network.Contains(address)))
        {
            isEmbedded = true;
            found = Stricter(found, FindInner(Inner(bytes, form), form.Name, allowed));
        }

        foreach (var form in s_blockedForms.Where(form => form.Network.Contains(address)))
        {
            found = Stricter(found, FindInner(Inner(bytes, form), form.Name, allowed));
        }

        return found is { Always: true } || isEmbedded ? found : Find(s_v6, address, allowed);
    }

    /// <summary>The one that is blocked always, else the first.</summary>
    private static BlockedNetwork? Stricter(BlockedNetwork? first, BlockedNetwork? second) =>
        first is null || (second is { Always: true } && !first.Value.Always) ? second : first;

    private static BlockedNetwork? FindInner(IPAddress inner, string form, IReadOnlyList<IPNetwork> allowed) =>
        Find(s_v4, inner, allowed) is { } blocked ? blocked with { Description = $"{blocked.Description} ({inner}) in {form} form" } : null;

    private static IPAddress Inner(ReadOnlySpan<byte> bytes, in EmbeddedForm form)
    {
        Span<byte> inner = stackalloc byte[4];
        bytes.Slice(form.Offset, 4).CopyTo(inner);
        if (form.Inverted)
        {
            foreach (ref var part in inner)
            {
                part = (byte)~part;
            }
        }

        return new IPAddress(inner);
    }

    private static BlockedNetwork? Find(Block[] blocks, IPAddress address, IReadOnlyList<IPNetwork> allowed)
    {
        foreach (var block in blocks)
        {
            if (block.Network.Contains(address))
            {
                return !block.Always && allowed.Any(network => Contains(network, address))
                    ? null
                    : new BlockedNetwork(block.Description, block.Always);
            }
        }

        return null;
    }

    /// <summary>IPNetwork takes an IPv6 network for one of mapped addresses if it covers them, such as <c>::/0</c>.</summary>
    private static bool Contains(IPNetwork network, IPAddress address) =>
        network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address);

    private static Block V(string network, string description) => new(IPNetwork.Parse(network), description, Always: false);

    private static Block Always(string network, string description) => new(IPNetwork.Parse(network), description, Always: true);
}

/// <summary>A blocked network.</summary>
/// <param name="Description">For people, with its article.</param>
/// <param name="Always">Whether no setting allows it: it belongs to the platform of the machine, whose responses contain
/// credentials.</param>
internal readonly record struct BlockedNetwork(string Description, bool Always);
