using System.Net;
using System.Net.Http;
using System.Net.Sockets;

namespace EventSubscriptions.Deliveries;

/// <summary>Resolves a name, checks every address, and connects to one that was checked.</summary>
internal sealed class WebhookConnector(NameResolver names, DestinationGuard guard, DeliveriesOptions options, TimeProvider time)
{
    /// <summary>The callback of <see cref="SocketsHttpHandler"/>. Throws <see cref="WebhookConnectException"/> where there is no connection to be had.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var target = context.DnsEndPoint;
        var addresses = await ResolveAsync(target.Host, cancellationToken);
        foreach (var address in addresses)
        {
            if (guard.CheckAddress(address) is { } refusal)
            {
                throw new WebhookConnectException(ErrorKind.Forbidden, $"{target.Host} must not be connected to: {refusal}");
            }
        }

        for (var i = 0; ; i++)
        {
            try
            {
                return await ConnectAsync(new IPEndPoint(addresses[i], target.Port), addresses.Length, cancellationToken);
            }
            catch (WebhookConnectException) when (i + 1 < addresses.Length)
            {
                // The next address may do better.
            }
        }
    }

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        try
        {
            var addresses = await names.ResolveAsync(host, cancellationToken);
            return addresses.Length > 0 ? addresses : throw new WebhookConnectException(ErrorKind.Dns, $"The name {host} has no address.");
        }
        catch (SocketException exception)
        {
            throw new WebhookConnectException(ErrorKind.Dns, $"The name {host} could not be resolved: {exception.Message}.", exception);
        }
    }

    private async ValueTask<Stream> ConnectAsync(IPEndPoint endPoint, int addresses, CancellationToken cancellationToken)
    {
        // An address that swallows packets leaves time for the others.
        using var share = new CancellationTokenSource(options.Deadline / Math.Min(addresses, 3), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(share.Token, cancellationToken);
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, either.Token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception exception)
        {
            socket.Dispose();
            throw exception switch
            {
                SocketException refused => new WebhookConnectException(ErrorKind.Connect, $"{endPoint} took no connection: {refused.Message}.", refused),
                OperationCanceledException when !cancellationToken.IsCancellationRequested =>
                    new WebhookConnectException(ErrorKind.Timeout, $"{endPoint} did not answer to the attempt to connect.", exception),
                _ => exception,
            };
        }
    }
}

/// <summary>No connection, and why.</summary>
internal sealed class WebhookConnectException(string kind, string detail, Exception? inner = null) : Exception(detail, inner)
{
    /// <summary>As a delivery's result says it.</summary>
    public DeliveryError Error { get; } = new(kind, detail);
}
