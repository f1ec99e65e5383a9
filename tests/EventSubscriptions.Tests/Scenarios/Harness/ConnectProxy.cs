using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>A real proxy (RFC 9110 §9.3.6) that connects every name to this machine.</summary>
internal sealed class ConnectProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly Task _accepting;

    public ConnectProxy()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => _listener.LocalEndpoint.ToString()!;

    /// <summary>The user and password that it wants, or null.</summary>
    public string? Credentials { get; init; }

    /// <summary>What it responds instead of connecting, or null.</summary>
    public string? Refusal { get; init; }

    /// <summary>The request lines.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // The end.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var accepted = client;
        try
        {
            var stream = client.GetStream();
            while (true)
            {
                var head = await ReadHeadAsync(stream);
                _requests.Enqueue(head[0]);
                var expected = $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(Credentials ?? ""))}";
                if (Credentials is not null && !head.Contains(expected, StringComparer.OrdinalIgnoreCase))
                {
                    await WriteAsync(
                        stream,
                        "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 0"
                    );
                    continue;
                }

                if (Refusal is not null)
                {
                    await WriteAsync(stream, $"{Refusal}\r\nContent-Length: 0");
                    continue;
                }

                using var target = new TcpClient();
                await target.ConnectAsync(IPAddress.Loopback, new Uri($"https://{head[0].Split(' ')[1]}").Port, _stop.Token);
                await WriteAsync(stream, "200 Connection established");
                var there = stream.CopyToAsync(target.GetStream(), _stop.Token);
                await Task.WhenAny(there, target.GetStream().CopyToAsync(stream, _stop.Token));
                return;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or SocketException)
        {
            // The connection has ended.
        }
    }

    private async Task<string[]> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, _stop.Token);
            head.Append((char)one[0]);
        }

        return head.ToString().Split("\r\n");
    }

    private async Task WriteAsync(NetworkStream stream, string head) =>
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {head}\r\n\r\n"), _stop.Token);
}
