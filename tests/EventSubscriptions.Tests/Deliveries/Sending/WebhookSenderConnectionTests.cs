using System.Net;
using System.Net.Sockets;
using System.Text;
using EventSubscriptions.Destinations;

namespace EventSubscriptions.Tests.Deliveries.Sending;

public sealed class WebhookSenderConnectionTests : WebhookSenderTestBase
{
    [Fact]
    public async Task Attempt_ends_when_the_receiver_switches_protocols()
    {
        await using var receiver = new RawReceiver(
            async (stream, cancellationToken) =>
            {
                await stream.WriteAsync(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"u8.ToArray(),
                    cancellationToken
                );
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
        );

        var result = await Send(receiver.Url);

        Assert.Equal((101, null), (result.StatusCode, result.Error));
    }

    [Fact]
    public async Task Connection_is_closed_when_the_response_is_longer_than_what_is_read()
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = new RawReceiver(
            async (stream, cancellationToken) =>
            {
                try
                {
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(RawReceiver.Ok(new string('x', 100_000))), cancellationToken);
                    await stream.ReadExactlyAsync(new byte[1], cancellationToken);
                }
                catch (IOException)
                {
                    closed.SetResult();
                }
            }
        );

        await Send(receiver.Url);

        await closed.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Connection_is_reused()
    {
        var ports = new List<EndPoint?>();
        await using var receiver = new RawReceiver(
            async (stream, cancellationToken) =>
            {
                ports.Add(((NetworkStream)stream).Socket.RemoteEndPoint);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(RawReceiver.Ok("1")), cancellationToken);
                await ReadRequestAsync(stream, cancellationToken);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(RawReceiver.Ok("2")), cancellationToken);
            }
        );
        var sender = Sender();

        Assert.Equal("1", (await Send(receiver.Url, sender)).ResponseSnippet);
        Assert.Equal("2", (await Send(receiver.Url, sender)).ResponseSnippet);
        Assert.Single(ports);
    }

    [Theory]
    [InlineData("", 2, "fresh")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le", 1, null)]
    public async Task Request_is_sent_again_when_a_reused_connection_is_closed_without_a_response(
        string half,
        int connections,
        string? shown
    )
    {
        var accepted = 0;
        await using var receiver = new RawReceiver(
            async (stream, cancellationToken) =>
            {
                if (Interlocked.Increment(ref accepted) > 1)
                {
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(RawReceiver.Ok("fresh")), cancellationToken);
                    return;
                }

                await stream.WriteAsync(Encoding.ASCII.GetBytes(RawReceiver.Ok("1")), cancellationToken);
                await ReadRequestAsync(stream, cancellationToken);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(half), cancellationToken);
            }
        );
        var sender = Sender();
        Assert.Equal("1", (await Send(receiver.Url, sender)).ResponseSnippet);

        var result = await Send(receiver.Url, sender);

        Assert.Equal((shown, connections), (result.ResponseSnippet, receiver.Connections));
        Assert.Equal(shown is null ? ErrorKind.Reset : null, result.Error?.Kind);
    }

    [Fact]
    public async Task Request_is_sent_again_on_a_new_connection_when_several_reused_ones_are_closed()
    {
        var accepted = 0;
        var both = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = new RawReceiver(
            async (stream, cancellationToken) =>
            {
                var number = Interlocked.Increment(ref accepted);
                if (number == 2)
                {
                    both.SetResult();
                }

                await both.Task.WaitAsync(cancellationToken);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(RawReceiver.Ok($"{number}")), cancellationToken);
                if (number <= 2)
                {
                    await ReadRequestAsync(stream, cancellationToken);
                }
            }
        );
        var sender = Sender();
        await Task.WhenAll(Send(receiver.Url, sender), Send(receiver.Url, sender));

        var result = await Send(receiver.Url, sender);

        Assert.Equal(("3", 3), (result.ResponseSnippet, receiver.Connections));
    }

    [Fact]
    public async Task Request_is_sent_again_once_and_never_when_its_connection_is_new()
    {
        var accepted = 0;
        await using var receiver = new RawReceiver(
            async (stream, cancellationToken) =>
            {
                if (Interlocked.Increment(ref accepted) == 1)
                {
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(RawReceiver.Ok("1")), cancellationToken);
                    await ReadRequestAsync(stream, cancellationToken);
                }
            }
        );
        var sender = Sender();
        await Send(receiver.Url, sender);

        Assert.Equal(ErrorKind.Reset, (await Send(receiver.Url, sender)).Error?.Kind);
        Assert.Equal(2, receiver.Connections);
        Assert.Equal(ErrorKind.Reset, (await Send(receiver.Url, sender)).Error?.Kind);
        Assert.Equal(3, receiver.Connections);
    }

    [Fact]
    public async Task Sending_throws_when_the_invocation_is_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        await using var receiver = new RawReceiver(
            async (_, cancellationToken) =>
            {
                await cancelled.CancelAsync();
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
        );

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Send(receiver.Url, cancellationToken: cancelled.Token));
    }

    private static async Task ReadRequestAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        var read = 0;
        while (!Encoding.Latin1.GetString(buffer, 0, read).Contains("}}", StringComparison.Ordinal))
        {
            read += await stream.ReadAsync(buffer.AsMemory(read), cancellationToken);
        }
    }
}
