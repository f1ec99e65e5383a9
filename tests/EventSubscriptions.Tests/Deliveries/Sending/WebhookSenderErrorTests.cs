using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Destinations;

namespace EventSubscriptions.Tests.Deliveries.Sending;

public sealed class WebhookSenderErrorTests : WebhookSenderTestBase
{
    [Fact]
    public async Task Attempt_times_out_when_the_receiver_does_not_respond()
    {
        await using var receiver = new RawReceiver((_, cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken));

        var result = await Send(receiver.Url, Sender(TimeSpan.FromMilliseconds(300)));

        Assert.Equal(new DeliveryError(ErrorKind.Timeout, "No response within 0.3 s."), result.Error);
        Assert.Null(result.StatusCode);
        Assert.InRange(result.Duration.TotalMilliseconds, 290, 60_000);
    }

    [Fact]
    public async Task Attempt_times_out_when_the_response_is_sent_too_slowly()
    {
        await using var receiver = new RawReceiver(
            async (stream, cancellationToken) =>
            {
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"u8.ToArray(), cancellationToken);
                while (true)
                {
                    await stream.WriteAsync("x"u8.ToArray(), cancellationToken);
                    await Task.Delay(20, cancellationToken);
                }
            }
        );

        // Long enough for the headers to be received on a busy machine.
        var result = await Send(receiver.Url, Sender(TimeSpan.FromSeconds(3)));

        Assert.Equal(
            new DeliveryError(ErrorKind.Timeout, "The receiver returned 200 OK and did not complete its response within 3 s."),
            result.Error
        );
        Assert.Equal(200, result.StatusCode);
    }

    [Theory]
    [InlineData("", "The connection was closed before a response was received.")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le", "The connection was closed before a response was received.")]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "The receiver returned 200 OK and closed the connection before its response was complete."
    )]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n", "The response is not valid HTTP.")]
    [InlineData("HTTP/1.1 000 Odd\r\nContent-Length: 0\r\n\r\n", "The response is not valid HTTP.")]
    public async Task Attempt_is_reset_when_the_response_is_incomplete(string response, string detail)
    {
        await using var receiver = new RawReceiver(response);

        Assert.Equal(new DeliveryError(ErrorKind.Reset, detail), (await Send(receiver.Url)).Error);
    }

    [Fact]
    public async Task Attempt_is_reset_when_the_headers_are_too_long()
    {
        await using var receiver = new RawReceiver($"HTTP/1.1 200 OK\r\nX-Long: {new string('x', 100_000)}\r\n\r\n");

        Assert.Equal(ErrorKind.Reset, (await Send(receiver.Url)).Error?.Kind);
    }

    [Fact]
    public async Task Attempt_fails_to_connect_when_nothing_listens()
    {
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var endPoint = (IPEndPoint)bound.LocalEndPoint!;

        var result = await Send(new Uri($"http://{endPoint}/"));

        Assert.Equal(new DeliveryError(ErrorKind.Connect, $"Could not connect to {endPoint}: Connection refused."), result.Error);
    }

    [Fact]
    public async Task Attempt_fails_to_resolve_when_the_name_is_unknown() =>
        Assert.Equal(ErrorKind.Dns, (await Send(new Uri("http://nothing.invalid/"))).Error?.Kind);

    [Fact]
    public async Task Attempt_fails_in_tls_when_the_certificate_is_not_trusted()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest(
            "CN=127.0.0.1",
            key,
            HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1
        ).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var receiver = new RawReceiver(
            async (stream, cancellationToken) =>
            {
                await using var secure = new SslStream(stream);
                await secure.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions { ServerCertificate = certificate },
                    cancellationToken
                );
                await secure.CopyToAsync(Stream.Null, cancellationToken);
            },
            readFirst: false
        );

        var error = (await Send(new UriBuilder(receiver.Url) { Scheme = "https" }.Uri)).Error;

        Assert.Equal(ErrorKind.Tls, error?.Kind);
        Assert.Contains("UntrustedRoot", error?.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attempt_fails_in_tls_when_the_receiver_does_not_support_tls()
    {
        await using var receiver = new RawReceiver(
            (stream, cancellationToken) => stream.WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), cancellationToken).AsTask(),
            readFirst: false
        );

        var error = (await Send(new UriBuilder(receiver.Url) { Scheme = "https" }.Uri)).Error;

        Assert.Equal(ErrorKind.Tls, error?.Kind);
    }

    [Theory]
    [InlineData("http://hooks.example.com/")]
    [InlineData("https://localhost/")]
    [InlineData("https://127.0.0.1:8443/")]
    public async Task Attempt_is_forbidden_when_the_url_is_not_allowed(string url)
    {
        var result = await Send(new Uri(url), Sender(insecure: false));

        Assert.Equal(ErrorKind.Forbidden, result.Error?.Kind);
        Assert.Null(result.StatusCode);
    }
}
