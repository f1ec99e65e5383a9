using System.IO.Compression;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using EventSubscriptions.Tests.Deliveries.Sending;
using EventSubscriptions.Tests.Scenarios.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Each ends within the deadline, costs no more than the cap, and is one entry of the right kind.</summary>
public sealed class HostileReceiverScenarios(HostileApp hostile) : IClassFixture<HostileApp>
{
    /// <summary>For a machine that is busy. The deadline itself is counted by the app.</summary>
    private static readonly TimeSpan s_slack = TimeSpan.FromSeconds(5);

    /// <summary>The cap of 16 KiB, and what lies in the system's buffers on both sides.</summary>
    private const int MaxTaken = 2 * 1024 * 1024;

    private const string Failed = "HTTP/1.1 500 Internal Server Error\r\n";

    [Fact]
    public async Task Attempt_times_out_when_the_receiver_does_not_accept_connections()
    {
        using var full = new FullServer();

        await AssertFails(full.Url, "timeout");
    }

    [Fact]
    public async Task Attempt_times_out_when_the_receiver_accepts_the_connection_and_does_not_respond()
    {
        await using var receiver = new RawReceiver((_, stop) => Task.Delay(Timeout.Infinite, stop));

        await AssertFails(receiver.Url, "timeout");
    }

    [Fact]
    public async Task Attempt_times_out_when_the_receiver_never_completes_the_handshake()
    {
        await using var receiver = new RawReceiver((_, stop) => Task.Delay(Timeout.Infinite, stop), readFirst: false);

        await AssertFails(Secure(receiver), "timeout");
    }

    [Theory]
    [InlineData("", null)]
    [InlineData(Failed + "Content-Length: 1000\r\n\r\n", 500)]
    [InlineData(Failed + "Transfer-Encoding: chunked\r\n\r\n1000\r\n", 500)]
    public async Task Attempt_times_out_when_the_receiver_sends_one_byte_at_a_time(string begin, int? status)
    {
        await using var receiver = new RawReceiver(
            async (stream, stop) =>
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(begin), stop);
                foreach (var letter in Encoding.ASCII.GetBytes(begin.Length == 0 ? Failed + new string('x', 1000) : new string('x', 1000)))
                {
                    await stream.WriteAsync(new[] { letter }, stop);
                    await Task.Delay(TimeSpan.FromMilliseconds(250), stop);
                }
            }
        );

        var entry = await AssertFails(receiver.Url, "timeout");

        Assert.Equal(status, entry.StatusCode);
    }

    [Theory]
    [InlineData(Failed + "X-Long: ", "xxxxxxxxxxxxxxxx", "reset")]
    [InlineData(Failed, "X-Many: header\r\n", "reset")]
    [InlineData("", "HTTP/1.1 100 Continue\r\n\r\n", "reset")]
    [InlineData("HTTP/1.1 ", "5555555555555555", "reset")]
    [InlineData(Failed + "\r\n", "endless body ...", "status")]
    [InlineData(Failed + "Content-Length: 9223372036854775807\r\n\r\n", "endless body ...", "status")]
    [InlineData(Failed + "Transfer-Encoding: chunked\r\n\r\n", "4\r\nbody\r\n", "status")]
    [InlineData(Failed + "Transfer-Encoding: chunked\r\n\r\n4;", "a long extension", "reset")]
    public async Task Endless_response_is_read_up_to_the_limit(string begin, string again, string kind)
    {
        var endless = new Endless(Encoding.ASCII.GetBytes(begin), Encoding.ASCII.GetBytes(again));
        await using var receiver = new RawReceiver(endless.WriteAsync);

        await AssertFails(receiver.Url, kind);

        Assert.InRange(await endless.Taken.WaitAsync(HostileApp.Deadline + s_slack), 1, MaxTaken);
    }

    [Fact]
    public async Task Compressed_response_is_not_decompressed()
    {
        using var bomb = new MemoryStream();
        await using (var gzip = new GZipStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var zeros = new byte[1024 * 1024];
            for (var i = 0; i < 32; i++)
            {
                await gzip.WriteAsync(zeros);
            }
        }

        var head = Encoding.ASCII.GetBytes($"{Failed}Content-Encoding: gzip\r\nContent-Length: {bomb.Length}\r\n\r\n");
        await using var receiver = new RawReceiver(
            async (stream, stop) =>
            {
                await stream.WriteAsync(head, stop);
                await stream.WriteAsync(bomb.ToArray(), stop);
            }
        );

        var entry = await AssertFails(receiver.Url, "status");

        // The snippet is the compressed body, which is not text; decompressed zeros would leave nothing.
        var snippet = entry.ResponseSnippet ?? "";
        Assert.Contains('\ufffd', snippet);
        Assert.InRange(snippet.Length, 1, 1024);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Redirect_to_a_private_address_is_reported_and_not_followed(int status)
    {
        await using var inner = new RawReceiver(RawReceiver.Ok("inner"));
        await using var receiver = new RawReceiver($"HTTP/1.1 {status} Elsewhere\r\nLocation: {inner.Url}\r\nContent-Length: 0\r\n\r\n");

        var entry = await AssertFails(receiver.Url, "redirect");

        Assert.Equal(0, inner.Connections);
        Assert.Equal(status, entry.StatusCode);
        Assert.Contains($"http://{inner.Url.Authority}/in", entry.Error!.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("of another host")]
    [InlineData("of an unknown authority")]
    public async Task Invalid_certificate_is_refused_before_the_token_is_sent(string wrong)
    {
        using var strangers = new TestCertificates();
        var certificate = wrong switch
        {
            "expired" => hostile.Certificates.Expired(),
            "of another host" => hostile.Certificates.OfAnotherHost(),
            _ => strangers.Valid(),
        };
        var read = new StringBuilder();
        await using var receiver = new RawReceiver(
            async (stream, stop) =>
            {
                await using var secure = new SslStream(stream);
                await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stop);
                using var reader = new StreamReader(secure);
                read.Append(await reader.ReadToEndAsync(stop));
            },
            readFirst: false
        );

        await AssertFails(Secure(receiver), "tls");

        Assert.DoesNotContain("Bearer", read.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_of_a_trusted_authority_is_accepted()
    {
        await using var server = await Http2Server.Start(
            hostile.Certificates.Valid(),
            context => context.Response.WriteAsync(context.Request.Protocol)
        );
        var subscription = await Organization.New(hostile.App).Subscribe(server.Url);

        await subscription.Organization.PublishCase();

        Assert.Equal("HTTP/2", Assert.Single(await subscription.Attempted("delivered", 1)).ResponseSnippet);
    }

    [Theory]
    [InlineData(0x0)] // NO_ERROR
    [InlineData(0x2)] // INTERNAL_ERROR
    [InlineData(0x7)] // REFUSED_STREAM, after which a client may repeat the request
    [InlineData(0x8)] // CANCEL
    [InlineData(0xb)] // ENHANCE_YOUR_CALM
    public async Task Reset_stream_is_one_failed_attempt(int code)
    {
        await using var server = await Http2Server.Start(
            hostile.Certificates.Valid(),
            context =>
            {
                context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(code);
                return Task.CompletedTask;
            }
        );

        await AssertFails(server.Url, "reset");
    }

    [Fact]
    public async Task Echoed_token_is_in_no_log_or_result()
    {
        var token = "";
        await using var echo = new RawReceiver(
            async (stream, stop) =>
            {
                var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes($"Bearer {token}"));
                var body = $"You sent {token} and {base64}.";
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes($"{Failed}X-Echo: {token}\r\nContent-Length: {body.Length}\r\n\r\n{body}"),
                    stop
                );
            }
        );
        var organization = Organization.New(hostile.App);
        var subscription = await organization.Subscribe(echo.Url);
        token = subscription.Token;

        await organization.PublishCase();
        var entry = Assert.Single(await organization.Audited("delivery.failed", 1));

        Assert.StartsWith("You sent *** and ", entry.ResponseSnippet, StringComparison.Ordinal);
        Assert.Single(await subscription.Attempted("failed", 1));
        var inner = Convert.ToBase64String(Encoding.UTF8.GetBytes($"Bearer {subscription.Token}"))[12..^4];
        foreach (var secret in new[] { subscription.Token, inner })
        {
            Assert.DoesNotContain(secret, await organization.AuditLogText(), StringComparison.Ordinal);
            Assert.DoesNotContain(secret, await subscription.AttemptsText(), StringComparison.Ordinal);
            Assert.DoesNotContain(secret, hostile.App.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Proxy_of_the_environment_is_not_used()
    {
        await using var receiver = await Receiver.Start();
        var hook = receiver.NewHook();
        var organization = Organization.New(hostile.App);
        await organization.Subscribe(hook);

        await hook.Received(await organization.PublishCase());

        Assert.Equal(0, hostile.Proxy.Connections);
    }

    private static Uri Secure(RawReceiver receiver) => new UriBuilder(receiver.Url) { Scheme = "https" }.Uri;

    private async Task<AuditLogEntry> AssertFails(Uri url, string kind)
    {
        var organization = Organization.New(hostile.App);
        var subscription = await organization.Subscribe(url);

        await organization.PublishCase();
        await subscription.Attempted("failed", 1);

        var entry = Assert.Single(await organization.Audited("delivery.failed", 1));
        Assert.Equal(kind, entry.Error!.Kind);
        Assert.NotEmpty(entry.Error!.Hint!);
        Assert.InRange(entry.DurationMs!.Value, 0, (HostileApp.Deadline + s_slack).TotalMilliseconds);
        Assert.DoesNotContain(subscription.Token, await organization.AuditLogText(), StringComparison.Ordinal);
        return entry;
    }

    /// <summary>Bytes that never end, until the other side has had enough.</summary>
    private sealed class Endless(byte[] begin, byte[] again)
    {
        private readonly TaskCompletionSource<long> _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>How many could be written before the connection was closed.</summary>
        public Task<long> Taken => _taken.Task;

        public async Task WriteAsync(Stream stream, CancellationToken stop)
        {
            ((NetworkStream)stream).Socket.SendBufferSize = 8 * 1024;
            var block = Enumerable.Repeat(again, 4096 / again.Length).SelectMany(part => part).ToArray();
            var taken = 0L;
            try
            {
                await stream.WriteAsync(begin, stop);
                for (taken += begin.Length; ; taken += block.Length)
                {
                    await stream.WriteAsync(block, stop);
                }
            }
            finally
            {
                _taken.TrySetResult(taken);
            }
        }
    }
}
