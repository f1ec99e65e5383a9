using System.Text;
using EventSubscriptions.Organizations;
using EventSubscriptions.Relay;
using EventSubscriptions.Secrets;
using EventSubscriptions.Telemetry;
using EventSubscriptions.Tests.Deliveries.Sending;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Relay;

public sealed class RelayClientTests : IDisposable
{
    private const string Key = "s3cret/key+with=signs";

    private static readonly DateTimeOffset s_oldest = new DateTimeOffset(2024, 8, 8, 14, 0, 30, TimeSpan.FromHours(2)).AddTicks(1_234_567);

    private readonly TestClock _time = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly List<ServiceProvider> _providers = [];

    public void Dispose() => _providers.ForEach(provider => provider.Dispose());

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/behind/a/proxy/")]
    public async Task Request_is_as_the_Relay_API_specifies(string path)
    {
        await using var relay = new RawReceiver(RawReceiver.Ok("[]"));

        Assert.IsType<RelayResponse.Events>(await Ask(new Uri(relay.Url, path)));

        var lines = Assert.Single(relay.Requests).Head.Split("\r\n");
        Assert.Equal(
            $"GET {path.TrimEnd('/')}/subscribers/sub-1/api/v1/events?oldest=2024-08-08T12:00:30.123456Z&limit=200 HTTP/1.1",
            lines[0]
        );
        Assert.Equal(
            [
                "Accept: application/json",
                $"Authorization: RelayApiKey {Key}",
                "Content-Length: 0",
                "Content-Type: application/json",
                $"Host: {relay.Url.Authority}",
                $"User-Agent: EventSubscriptions/{AppVersion.Text}",
            ],
            lines[1..].Order(StringComparer.OrdinalIgnoreCase)
        );
    }

    [Theory]
    [InlineData("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "status", 401, "refused")]
    [InlineData("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "status", 403, "refused")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "status", 404, "unknown")]
    [InlineData("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", "status", 429, "unavailable")]
    [InlineData("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", "status", 500, "unavailable")]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "status", 400, "status")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "redirect", 302, "redirect")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[{]}", "malformed", 200, "malformed")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", "malformed", 204, "malformed")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n[", "reset", 200, "unavailable")]
    [InlineData("no HTTP at all\r\n\r\n", "reset", null, "unavailable")]
    [InlineData("", "reset", null, "unavailable")]
    public async Task Failure_names_its_cause_and_what_to_do(string response, string kind, int? status, string state)
    {
        await using var relay = new RawReceiver(response);

        var failure = Assert.IsType<RelayResponse.Failed>(await Ask(relay.Url)).Failure;

        Assert.Equal((kind, status, state), (failure.Kind.ToName(), failure.StatusCode, failure.State));
        Assert.NotEmpty(failure.Detail);
        Assert.NotEmpty(failure.Hint);
        Assert.Equal(1, relay.Connections);
    }

    [Fact]
    public async Task Poll_fails_to_connect_when_nothing_listens()
    {
        using var nobody = new ClosedPort();

        Assert.Equal(RelayErrorKind.Connect, Assert.IsType<RelayResponse.Failed>(await Ask(nobody.Url)).Failure.Kind);
    }

    [Fact]
    public async Task Error_response_is_quoted_without_the_API_key()
    {
        await using var relay = new RawReceiver($"HTTP/1.1 401 Unauthorized\r\nContent-Length: {Key.Length + 10}\r\n\r\nBad key: {Key}.");

        var failure = Assert.IsType<RelayResponse.Failed>(await Ask(relay.Url)).Failure;

        Assert.Equal("Bad key: ***.", failure.ResponseSnippet);
        Assert.DoesNotContain(Key, failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429, "120", 120)]
    [InlineData(503, "Sat, 31 Jan 2026 10:00:30 GMT", 30)]
    [InlineData(429, "99999999999", 24 * 60 * 60)]
    [InlineData(429, "soon", null)]
    [InlineData(500, "120", null)]
    public async Task Retry_After_of_Relay_is_read(int status, string retryAfter, int? seconds)
    {
        await using var relay = new RawReceiver($"HTTP/1.1 {status} Wait\r\nRetry-After: {retryAfter}\r\nContent-Length: 0\r\n\r\n");

        var failure = Assert.IsType<RelayResponse.Failed>(await Ask(relay.Url)).Failure;

        Assert.Equal(seconds is null ? null : _time.GetUtcNow().AddSeconds(seconds.Value), failure.CooldownUntil);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n[")]
    public async Task Endless_response_times_out(string beginning)
    {
        var begun = new TaskCompletionSource();
        await using var relay = new RawReceiver(
            async (stream, cancellationToken) =>
            {
                await stream.WriteAsync(Encoding.Latin1.GetBytes(beginning), cancellationToken);
                begun.SetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
        );

        var asking = Ask(relay.Url);
        await begun.Task;
        while (!asking.IsCompleted)
        {
            _time.Advance(RelayClient.Deadline);
            await Task.Delay(1);
        }

        Assert.Equal(RelayErrorKind.Timeout, Assert.IsType<RelayResponse.Failed>(await asking).Failure.Kind);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Response_over_16_MiB_is_refused(bool saysHowLong)
    {
        const int Size = RelayClient.MaxResponseBytes + 1;
        await using var relay = new RawReceiver(
            async (stream, cancellationToken) =>
            {
                await stream.WriteAsync(
                    Encoding.Latin1.GetBytes(
                        $"HTTP/1.1 200 OK\r\n{(saysHowLong ? $"Content-Length: {Size}\r\n" : "Connection: close\r\n")}\r\n"
                    ),
                    cancellationToken
                );
                var blanks = new byte[1 << 20];
                blanks.AsSpan().Fill((byte)' ');
                for (var left = Size; left > 0; left -= blanks.Length)
                {
                    await stream.WriteAsync(blanks.AsMemory(0, Math.Min(left, blanks.Length)), cancellationToken);
                }
            }
        );

        Assert.IsType<RelayResponse.TooLarge>(await Ask(relay.Url));
    }

    private async Task<RelayResponse> Ask(Uri address)
    {
        var provider = new ServiceCollection()
            .AddSingleton(
                new RelayOptions
                {
                    BaseAddress = new Uri(address.GetLeftPart(UriPartial.Path).Replace("/in", "", StringComparison.Ordinal)),
                }
            )
            .AddSingleton<TimeProvider>(_time)
            .AddRelayClient()
            .BuildServiceProvider();
        _providers.Add(provider);
        Assert.True(OrganizationId.TryFrom(1, out var organization));
        return await provider
            .GetRequiredService<RelayClient>()
            .GetAsync(new RelaySubscriber("sub-1", new Secret(Key), organization), s_oldest, 200, default);
    }
}
