using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EventSubscriptions.Tests.Deliveries.Sending;

/// <summary>A server that reads one request a connection and responds with whatever bytes a test wants, also wrong ones.</summary>
internal sealed class RawReceiver : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Stream, CancellationToken, Task> _respond;
    private readonly bool _readFirst;
    private readonly Task _accepting;
    private readonly ConcurrentQueue<(string Head, string Body)> _requests = new();
    private int _connections;

    /// <param name="response">Writes the response; the connection is closed when it returns.</param>
    /// <param name="readFirst">Whether a request is read before.</param>
    /// <param name="address">Where it listens; <see cref="IPAddress.IPv6Any"/> is every address.</param>
    public RawReceiver(Func<Stream, CancellationToken, Task> response, bool readFirst = true, IPAddress? address = null)
    {
        _listener = new TcpListener(address ?? IPAddress.Loopback, 0);
        if (address is { AddressFamily: AddressFamily.InterNetworkV6 })
        {
            _listener.Server.DualMode = true;
        }

        _respond = response;
        _readFirst = readFirst;
        _listener.Start();

        // Away from the threads that all tests share: their work must not keep a request waiting.
        _accepting = Task.Run(AcceptAsync);
    }

    public RawReceiver(string response, IPAddress? address = null)
        : this(
            (stream, cancellationToken) => stream.WriteAsync(Encoding.Latin1.GetBytes(response), cancellationToken).AsTask(),
            address: address
        ) { }

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/in?key=1");

    /// <summary>How many connections it has taken.</summary>
    public int Connections => _connections;

    /// <summary>Heads and bodies of the requests, in Latin-1.</summary>
    public IReadOnlyList<(string Head, string Body)> Requests => [.. _requests];

    public static string Ok(string body) => $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                serving.Add(ServeAsync(client));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                if (_readFirst)
                {
                    _requests.Enqueue(await ReadAsync(stream));
                }

                await _respond(stream, _stop.Token);
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or InvalidOperationException)
            {
                // The other side has gone, maybe before it was served, or the test is over.
            }
        }
    }

    private async Task<(string Head, string Body)> ReadAsync(NetworkStream stream)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (true)
        {
            var read = await stream.ReadAsync(buffer, _stop.Token);
            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
            var all = text.ToString();
            if (read == 0)
            {
                return (all, "");
            }

            var end = all.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0 && all.Length - end - 4 >= ContentLength(all[..end]))
            {
                return (all[..end], all[(end + 4)..]);
            }
        }
    }

    private static int ContentLength(string head) =>
        head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) is { } line
            ? int.Parse(line["Content-Length:".Length..])
            : 0;
}
