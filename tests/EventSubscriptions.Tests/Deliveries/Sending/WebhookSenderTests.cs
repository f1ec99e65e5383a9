using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Destinations;
using EventSubscriptions.Events;
using EventSubscriptions.Organizations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Deliveries.Sending;

public sealed class WebhookSenderTests : IDisposable
{
    private const string Token = "s3cret/token+with=signs.0123456789";
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static readonly byte[] s_payload = Encoding.UTF8.GetBytes(
        "{\"eventName\":\"CaseCreatedEvent\",\"data\":{\"name\":\"Grüße \\u0041\"}}"
    );

    private static readonly SigningSecrets s_secrets = SigningSecrets.New();

    private readonly List<ServiceProvider> _providers = [];

    public void Dispose() => _providers.ForEach(provider => provider.Dispose());

    [Fact]
    public async Task Request_carries_the_payload_as_it_is_and_the_agreed_headers()
    {
        await using var receiver = new RawReceiver(RawReceiver.Ok(""));

        var result = await Send(receiver.Url);

        Assert.Equal(200, result.StatusCode);
        Assert.Null(result.Error);
        Assert.Null(result.ResponseSnippet);
        var (head, body) = Assert.Single(receiver.Requests);
        Assert.Equal(Encoding.Latin1.GetString(s_payload), body);
        var lines = head.Split("\r\n");
        Assert.Equal("POST /in?key=1 HTTP/1.1", lines[0]);
        Assert.Equal(
            [
                $"Authorization: Bearer {Token}",
                $"Content-Length: {s_payload.Length.ToString(CultureInfo.InvariantCulture)}",
                "Content-Type: application/json",
                $"Host: {receiver.Url.Authority}",
                $"traceparent: {TraceParent}",
                $"User-Agent: EventSubscriptions/{AppVersion.Text}",
                "webhook-id: evt_1",
                $"webhook-signature: {WebhookSignature.Of("evt_1", result.At, s_payload, s_secrets)}",
                $"webhook-timestamp: {result.At.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)}",
            ],
            lines[1..].Order(StringComparer.OrdinalIgnoreCase)
        );
    }

    [Fact]
    public async Task Redirect_is_not_followed_and_its_location_is_reported_without_query_and_token()
    {
        await using var receiver = new RawReceiver(
            $"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/{Token}?code=1\r\nContent-Length: 0\r\n\r\n"
        );

        var result = await Send(receiver.Url);

        Assert.Equal(302, result.StatusCode);
        Assert.Equal("https://elsewhere.example/***", result.Location);
        Assert.Single(receiver.Requests);
    }

    [Theory]
    [InlineData("https://user:hunter2@elsewhere.example/in?key=1#f", "https://elsewhere.example/in")]
    [InlineData("//user:hunter2@elsewhere.example", "//elsewhere.example")]
    [InlineData("https://user@elsewhere.example/a@b", "https://elsewhere.example/a@b")]
    [InlineData("/in/a@b", "/in/a@b")]
    public async Task Location_of_a_redirect_is_reported_without_user_info(string location, string shown)
    {
        await using var receiver = new RawReceiver($"HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal(shown, (await Send(receiver.Url)).Location);
    }

    [Fact]
    public async Task Switch_to_another_protocol_is_an_answer_at_once()
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

    [Theory]
    [InlineData("Retry-After: 120\r\n", "120")]
    [InlineData("Retry-After: 120\r\nRetry-After: 120\r\n", "120")]
    [InlineData("Retry-After: 120\r\nRetry-After: 60\r\n", "120, 60")]
    [InlineData(
        "Retry-After: Fri, 31 Dec 2027 23:59:59 GMT\r\nRetry-After: Fri, 31 Dec 2027 23:59:59 GMT\r\n",
        "Fri, 31 Dec 2027 23:59:59 GMT"
    )]
    [InlineData("Retry-After: Fri, 31 Dec 2027 23:59:59 GMT\r\n", "Fri, 31 Dec 2027 23:59:59 GMT")]
    [InlineData("Retry-After: 99999999999999999999\r\n", "99999999999999999999")]
    [InlineData("", null)]
    public async Task Wait_that_the_receiver_asks_for_is_reported_as_it_came(string header, string? expected)
    {
        await using var receiver = new RawReceiver($"HTTP/1.1 429 Too Many Requests\r\n{header}Content-Length: 0\r\n\r\n");

        Assert.Equal(expected, (await Send(receiver.Url)).RetryAfter);
    }

    [Fact]
    public async Task Cookies_are_not_kept()
    {
        await using var receiver = new RawReceiver("HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        var sender = Sender();

        await Send(receiver.Url, sender);
        await Send(receiver.Url, sender);

        Assert.Equal(2, receiver.Requests.Count);
        Assert.All(receiver.Requests, request => Assert.DoesNotContain("Cookie", request.Head, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Token_and_signing_secret_are_cut_out_of_what_is_kept()
    {
        var secret = s_secrets.Current.Reveal();
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(Token));
        await using var receiver = new RawReceiver(RawReceiver.Ok($"Bearer {Token} / {secret} / {encoded} / {Token}"));

        var result = await Send(receiver.Url);

        Assert.StartsWith("Bearer *** / whsec_***= / ***", result.ResponseSnippet, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, result.ResponseSnippet, StringComparison.Ordinal);
        Assert.DoesNotContain(encoded[4..^4], result.ResponseSnippet, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_answer_is_read_in_part_and_kept_in_part()
    {
        var sent = 0;
        await using var receiver = new RawReceiver(
            async (stream, cancellationToken) =>
            {
                await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), cancellationToken);
                var block = Encoding.ASCII.GetBytes(new string('x', 64 * 1024));
                for (; sent < 1_000; sent++)
                {
                    await stream.WriteAsync(block, cancellationToken);
                }
            }
        );

        var result = await Send(receiver.Url);

        Assert.Equal(200, result.StatusCode);
        Assert.Null(result.Error);
        Assert.Equal(new string('x', 1024), result.ResponseSnippet);
        Assert.InRange(sent, 0, 999);
    }

    [Fact]
    public async Task Connection_is_closed_when_there_is_more_of_an_answer_than_is_read()
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
    public async Task Compressed_answer_is_not_unpacked()
    {
        await using var receiver = new RawReceiver("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain");

        Assert.Equal("plain", (await Send(receiver.Url)).ResponseSnippet);
    }

    [Fact]
    public async Task Attempt_times_out_when_the_receiver_never_answers()
    {
        await using var receiver = new RawReceiver((_, cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken));

        var result = await Send(receiver.Url, Sender(TimeSpan.FromMilliseconds(300)));

        Assert.Equal(new DeliveryError(ErrorKind.Timeout, "No response within 0.3 s."), result.Error);
        Assert.Null(result.StatusCode);
        Assert.InRange(result.Duration.TotalMilliseconds, 290, 60_000);
    }

    [Fact]
    public async Task Attempt_times_out_when_the_answer_drips()
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

        var result = await Send(receiver.Url, Sender(TimeSpan.FromMilliseconds(300)));

        Assert.Equal(
            new DeliveryError(ErrorKind.Timeout, "The receiver returned 200 OK and did not complete its response within 0.3 s."),
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
    public async Task Attempt_is_reset_when_the_answer_is_not_whole(string answer, string detail)
    {
        await using var receiver = new RawReceiver(answer);

        Assert.Equal(new DeliveryError(ErrorKind.Reset, detail), (await Send(receiver.Url)).Error);
    }

    [Fact]
    public async Task Attempt_is_reset_when_the_headers_are_huge()
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
    public async Task Attempt_fails_in_tls_when_the_receiver_speaks_none()
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

    [Fact]
    public async Task Connection_is_used_again()
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
    public async Task Request_is_sent_once_more_when_the_connection_that_was_kept_is_closed_without_an_answer(
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
    public async Task Request_is_sent_only_once_more_and_never_when_its_connection_is_new()
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
    public async Task Cancelling_the_invocation_is_no_result()
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

    private WebhookSender Sender(TimeSpan? deadline = null, bool insecure = true)
    {
        var provider = new ServiceCollection()
            .AddSingleton(TimeProvider.System)
            .AddDestinations()
            .AddSingleton(new DestinationOptions { AllowInsecureDestinations = insecure })
            .AddSingleton(new DeliveriesOptions { Deadline = deadline ?? TimeSpan.FromSeconds(60) })
            .AddWebhookSender()
            .BuildServiceProvider();
        _providers.Add(provider);
        return provider.GetRequiredService<WebhookSender>();
    }

    private Task<DeliveryResult> Send(Uri url, WebhookSender? sender = null, CancellationToken cancellationToken = default)
    {
        Assert.True(OrganizationId.TryFrom(1, out var organization));
        Assert.True(EventId.TryParse("evt_1", out var eventId));
        var subscription = new Subscription
        {
            OrganizationId = organization,
            Id = default,
            Name = "Test",
            Url = url,
            Token = new Secret(Token),
            SigningSecrets = s_secrets,
            Events = ["*"],
            IsActive = true,
            CreatedAt = default,
            UpdatedAt = default,
        };
        var used = sender ?? Sender();

        // Away from the threads that all tests share: their work must not use up the deadline.
        return Task.Run(() => used.SendAsync(subscription, eventId, s_payload, TraceParent, cancellationToken), CancellationToken.None);
    }
}
