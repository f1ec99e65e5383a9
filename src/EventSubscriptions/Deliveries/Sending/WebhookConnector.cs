using System.Net;
using System.Net.Sockets;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Destinations;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>Resolves a host name, checks all addresses, and connects to one of them.</summary>
internal sealed class WebhookConnector(NameResolver names, DestinationGuard guard, DeliveriesOptions options, TimeProvider time)
{
    /// <summary>The request option with the organization that sends it.</summary>
    public static readonly HttpRequestOptionsKey<OrganizationId> Organization = new("organization");

    /// <summary>The most addresses that are tried: a host may claim any number of anybody's.</summary>
    private const int MaxAddresses = 16;

    /// <summary>How long to wait for an address before the next is tried too (the Connection Attempt Delay of RFC 8305 §5).</summary>
    private static readonly TimeSpan s_headStart = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// The callback of <see cref="SocketsHttpHandler"/>. Throws <see cref="WebhookConnectException"/> if there is no connection.
    /// </summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var target = context.DnsEndPoint;
        context.InitialRequestMessage.Options.TryGetValue(Organization, out var organization);
        var addresses = await ResolveAsync(organization, target.Host, cancellationToken);
        foreach (var address in addresses)
        {
            // The proxy may be anywhere; it decides which addresses it connects to.
            if (!IsProxy(target) && guard.CheckAddress(address) is { } refusal)
            {
                throw new WebhookConnectException(ErrorKind.Forbidden, $"Connecting to {target.Host} is not allowed: {refusal}");
            }
        }

        var endPoints = InTurns(addresses).Take(MaxAddresses).Select(address => new IPEndPoint(address, target.Port)).ToList();
        var socket = endPoints is [var only]
            ? await ConnectAsync(only, cancellationToken)
            : await ConnectFirstAsync(endPoints, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private bool IsProxy(DnsEndPoint target) =>
        options.Proxy?.Address is { } proxy
        && proxy.Port == target.Port
        && proxy.IdnHost.Equals(target.Host, StringComparison.OrdinalIgnoreCase);

    private async Task<IPAddress[]> ResolveAsync(OrganizationId organization, string host, CancellationToken cancellationToken)
    {
        try
        {
            var addresses = await names.ResolveAsync(organization, host, cancellationToken);
            return addresses.Length > 0
                ? addresses
                : throw new WebhookConnectException(ErrorKind.Dns, $"The host name {host} has no address.");
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw new WebhookConnectException(
                ErrorKind.Dns,
                $"The host name {host} could not be resolved: {exception.Message}.",
                exception
            );
        }
    }

    /// <summary>Alternates IPv6 and IPv4 addresses (RFC 8305 §4): if one family is unreachable, the other comes second.</summary>
    private static IEnumerable<IPAddress> InTurns(IPAddress[] addresses)
    {
        var families = addresses.Distinct().GroupBy(address => address.AddressFamily).Select(family => family.ToList()).ToList();
        for (var i = 0; families.Exists(family => i < family.Count); i++)
        {
            foreach (var family in families.Where(family => i < family.Count))
            {
                yield return family[i];
            }
        }
    }

    /// <summary>
    /// Connects to the first address that accepts. Each is tried as soon as the previous one has failed, or has had its head start.
    /// </summary>
    private async Task<Socket> ConnectFirstAsync(List<IPEndPoint> endPoints, CancellationToken cancellationToken)
    {
        using var race = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task<Socket>>();
        try
        {
            for (var next = 0; ; )
            {
                if (next < endPoints.Count)
                {
                    running.Add(ConnectAsync(endPoints[next++], race.Token));
                }

                var isLast = next == endPoints.Count;
                var ended = await Task.WhenAny([.. running, .. isLast ? [] : (Task[])[Task.Delay(s_headStart, time, race.Token)]]);
                cancellationToken.ThrowIfCancellationRequested();
                if (ended is not Task<Socket> attempt)
                {
                    continue;
                }

                running.Remove(attempt);
                try
                {
                    return await attempt;
                }
                catch (WebhookConnectException) when (running.Count > 0 || !isLast)
                {
                    // Another address may work.
                }
            }
        }
        finally
        {
            await race.CancelAsync();
            running.ForEach(loser => _ = DropAsync(loser));
        }
    }

    private static async Task DropAsync(Task<Socket> attempt)
    {
        try
        {
            (await attempt).Dispose();
        }
        catch (Exception exception) when (exception is WebhookConnectException or OperationCanceledException)
        {
            // Nothing to drop.
        }
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken);
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new WebhookConnectException(ErrorKind.Connect, $"Could not connect to {endPoint}: {exception.Message}.", exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>The connection failed.</summary>
internal sealed class WebhookConnectException(ErrorKind kind, string detail, Exception? inner = null) : Exception(detail, inner)
{
    /// <summary>The error for the result of the attempt.</summary>
    public DeliveryError Error { get; } = new(kind, detail);
}
