using System.Net;

namespace EventSubscriptions.Deliveries;

/// <summary>Looks up the addresses of a host, anew for each connection.</summary>
internal class NameResolver
{
    /// <summary>The addresses of the host, or of the address that it is; throws <see cref="System.Net.Sockets.SocketException"/> where there are none.</summary>
    public virtual Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) => Dns.GetHostAddressesAsync(host, cancellationToken);
}
