using System.Collections.Frozen;
using System.Net;

namespace EventSubscriptions.Destinations;

/// <summary>
/// Decides where a POST may go: by the URL when a subscription is written, and by the address when a connection is made, since a name can
/// resolve to anything at any time.
/// </summary>
public sealed class DestinationGuard(DestinationOptions options)
{
    /// <summary>
    /// Ports of protocols that a POST could be smuggled into: those that browsers block (Fetch Standard §2.9), databases, queues and remote
    /// desktops.
    /// </summary>
    private static readonly FrozenSet<int> s_blockedPorts = FrozenSet.ToFrozenSet([
        0,
        1,
        7,
        9,
        11,
        13,
        15,
        17,
        19,
        20,
        21,
        22,
        23,
        25,
        37,
        42,
        43,
        53,
        69,
        77,
        79,
        87,
        95,
        101,
        102,
        103,
        104,
        109,
        110,
        111,
        113,
        115,
        117,
        119,
        123,
        135,
        137,
        139,
        143,
        161,
        179,
        389,
        427,
        445,
        465,
        512,
        513,
        514,
        515,
        526,
        530,
        531,
        532,
        540,
        548,
        554,
        556,
        563,
        587,
        601,
        636,
        989,
        990,
        993,
        995,
        1719,
        1720,
        1723,
        2049,
        3659,
        4045,
        4190,
        5060,
        5061,
        6000,
        6566,
        6665,
        6666,
        6667,
        6668,
        6669,
        6679,
        6697,
        10080,
        1433,
        1521,
        1883,
        3306,
        3389,
        5432,
        5671,
        5672,
        5900,
        6379,
        8883,
        9042,
        11211,
        27017,
    ]);

    /// <summary>Why the URL may not be called, as a clause that follows "the URL"; null if it may.</summary>
    public string? CheckUrl(Uri url)
    {
        if (!url.IsAbsoluteUri || url.HostNameType is not (UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6))
        {
            return "must be absolute and have a host";
        }

        if (url.Scheme != Uri.UriSchemeHttps && !(options.AllowInsecureDestinations && url.Scheme == Uri.UriSchemeHttp))
        {
            return "must start with https://";
        }

        if (url.UserInfo.Length > 0 || HasEmptyUserInfo(url.OriginalString))
        {
            return "must not contain a user name or password";
        }

        if (url.Fragment.Length > 0)
        {
            return "must not contain a fragment";
        }

        if (!HostName.IsPlain(url.Host))
        {
            return "must have a host of plain letters and digits, or in the form xn--…";
        }

        if (!HostName.TryGetAscii(url, out var host))
        {
            return "must have a host that DNS can resolve: at most 253 characters, and only labels that IDNA allows";
        }

        return s_blockedPorts.Contains(url.Port) ? $"must not use port {url.Port}, which belongs to another protocol" : CheckHost(host);
    }

    /// <summary>Why the address may not be connected to, as a sentence; null if it may.</summary>
    public string? CheckAddress(IPAddress address) => Refusal(address) is { } blocked ? $"{address} is {blocked}." : null;

    /// <summary>Whether the host follows an <c>@</c>, as in <c>https://@example.com</c>, for which <see cref="Uri.UserInfo"/> is empty.</summary>
    private static bool HasEmptyUserInfo(string url)
    {
        var rest = url.AsSpan(url.IndexOf(':', StringComparison.Ordinal) + 1).TrimStart("/\\");
        var end = rest.IndexOfAny("/\\?#");
        return (end < 0 ? rest : rest[..end]).Contains('@');
    }

    private string? Refusal(IPAddress address) =>
        BlockedNetworks.Find(address, options.AllowedNetworks) is { } blocked && (blocked.Always || !options.AllowInsecureDestinations)
            ? blocked.Description
            : null;

    private string? CheckHost(string host)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            return Refusal(address) is { } blocked ? $"must have a public address: {address} is {blocked}" : null;
        }

        var last = host.AsSpan(host.LastIndexOf('.') + 1);
        if (last.IsEmpty || !last.ContainsAnyExceptInRange('0', '9') || last.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return "must have a host name or a complete address";
        }

        return last.Equals("localhost", StringComparison.OrdinalIgnoreCase) && Refusal(IPAddress.Loopback) is not null
            ? "must have a public address: localhost is a loopback name"
            : null;
    }
}
