using System.Globalization;
using System.Text;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Deliveries.Sending;

public sealed class WebhookSenderTests : WebhookSenderTestBase
{
    [Fact]
    public async Task Request_has_the_unchanged_payload_and_the_documented_headers()
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
    public async Task Retry_after_is_reported_unchanged(string header, string? expected)
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
    public async Task Response_snippet_has_neither_token_nor_signing_secret()
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
    public async Task Response_snippet_has_no_value_of_the_query_of_the_url()
    {
        await using var receiver = new RawReceiver(
            RawReceiver.Ok("refused: a+k%65y-of-some-length, a+key-of-some-length, a key-of-some-length")
        );

        var result = await Send(new Uri($"{receiver.Url.GetLeftPart(UriPartial.Path)}?n=12345&key=a+k%65y-of-some-length"));

        Assert.Equal("refused: ***, ***, ***", result.ResponseSnippet);
    }

    [Fact]
    public async Task Long_response_is_truncated()
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
    public async Task Compressed_response_is_not_decompressed()
    {
        await using var receiver = new RawReceiver("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain");

        Assert.Equal("plain", (await Send(receiver.Url)).ResponseSnippet);
    }
}
