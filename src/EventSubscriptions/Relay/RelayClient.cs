using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using EventSubscriptions.Destinations;
using EventSubscriptions.Telemetry;
using Microsoft.AspNetCore.WebUtilities;

namespace EventSubscriptions.Relay;

/// <summary>Reads events from the Relay API. Failures of Relay are responses, never exceptions.</summary>
public sealed class RelayClient(IHttpClientFactory clients, RelayOptions options, TimeProvider time)
{
    public const string ClientName = "relay";

    /// <summary>The largest response that is accepted.</summary>
    public const int MaxResponseBytes = 16 * 1024 * 1024;

    /// <summary>The time limit of a request, from name resolution to the end of the response.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'";
    private const int MaxErrorBytes = 16 * 1024;

    private static readonly MediaTypeHeaderValue s_json = new("application/json");
    private static readonly string s_userAgent = $"EventSubscriptions/{AppVersion.Text}";

    private readonly HttpClient _client = clients.CreateClient(ClientName);

    /// <summary>The URL of a subscriber's events.</summary>
    public Uri UrlOf(RelaySubscriber subscriber) =>
        new($"{options.BaseAddress.AbsoluteUri.TrimEnd('/')}/subscribers/{subscriber.Id}/api/v1/events");

    /// <summary>Reads the oldest events from a time on, inclusive.</summary>
    /// <param name="oldest">The time, truncated to the microsecond.</param>
    /// <param name="limit">The most events to return.</param>
    /// <param name="cancellationToken">Cancellation throws <see cref="OperationCanceledException"/>.</param>
    internal async Task<RelayResponse> GetAsync(
        RelaySubscriber subscriber,
        DateTimeOffset oldest,
        int limit,
        CancellationToken cancellationToken
    )
    {
        using var request = CreateRequest(subscriber, oldest, limit);
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
            return response.IsSuccessStatusCode
                ? await ReadEventsAsync(response, linked.Token)
                : await ReadFailureAsync(response, subscriber, linked.Token);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && Explain(exception, response) is { } failure)
        {
            return new RelayResponse.Failed(failure with { StatusCode = (int?)response?.StatusCode });
        }
        finally
        {
            response?.Dispose();
        }
    }

    private HttpRequestMessage CreateRequest(RelaySubscriber subscriber, DateTimeOffset oldest, int limit)
    {
        var query = string.Create(
            CultureInfo.InvariantCulture,
            $"?oldest={oldest.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}&limit={limit}"
        );
        var request = new HttpRequestMessage(HttpMethod.Get, UrlOf(subscriber) + query)
        {
            // The API documentation requires this header, which HTTP allows only with a body: here an empty one.
            Content = new ByteArrayContent([]) { Headers = { ContentType = s_json } },
        };
        request.Headers.TryAddWithoutValidation("Authorization", $"RelayApiKey {subscriber.ApiKey.Reveal()}");
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", s_userAgent);
        return request;
    }

    private static async Task<RelayResponse> ReadEventsAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > MaxResponseBytes)
        {
            return RelayResponse.TooLarge.Instance;
        }

        using var body = new MemoryStream((int)(response.Content.Headers.ContentLength ?? 0));
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[64 * 1024];
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (body.Length + read > MaxResponseBytes)
            {
                return RelayResponse.TooLarge.Instance;
            }

            body.Write(buffer, 0, read);
        }

        return RelayPage.TryRead(body.GetBuffer().AsMemory(0, (int)body.Length), out var page, out var problem)
            ? new RelayResponse.Events(page)
            : new RelayResponse.Failed(new RelayFailure(RelayErrorKind.Malformed, problem) { StatusCode = (int)response.StatusCode });
    }

    private async Task<RelayResponse> ReadFailureAsync(
        HttpResponseMessage response,
        RelaySubscriber subscriber,
        CancellationToken cancellationToken
    )
    {
        var status = (int)response.StatusCode;
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MaxErrorBytes];
        var length = await stream.ReadAtLeastAsync(buffer, MaxErrorBytes, throwOnEndOfStream: false, cancellationToken);
        var retryAfter = response.Headers.NonValidated.TryGetValues("Retry-After", out var values) ? values.ToString() : null;
        return new RelayResponse.Failed(
            new RelayFailure(status is >= 300 and < 400 ? RelayErrorKind.Redirect : RelayErrorKind.Status, $"{Returned(response)}.")
            {
                StatusCode = status,
                ResponseSnippet = ResponseScrubber.Scrub(
                    buffer.AsSpan(0, length),
                    truncated: length == MaxErrorBytes,
                    new SecretForms([subscriber.ApiKey.Reveal()]),
                    ResponseScrubber.MaxSnippetLength
                ),
                CooldownUntil = status is 429 or 503 ? RetryAfter.Parse(retryAfter, time.GetUtcNow()) : null,
            }
        );
    }

    /// <summary>Explains an exception that Relay caused; null for any other.</summary>
    private static RelayFailure? Explain(Exception exception, HttpResponseMessage? response) =>
        exception switch
        {
            OperationCanceledException when response is null => new(
                RelayErrorKind.Timeout,
                $"Relay did not respond within {Deadline.TotalSeconds:0} s."
            ),
            OperationCanceledException => new(
                RelayErrorKind.Timeout,
                $"{Returned(response)} and did not complete its response within {Deadline.TotalSeconds:0} s."
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => new(
                RelayErrorKind.Dns,
                "Relay's host name could not be resolved."
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError, InnerException: SocketException refused } => new(
                RelayErrorKind.Connect,
                $"Could not connect to Relay: {refused.Message}."
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => new(
                RelayErrorKind.Connect,
                "Could not connect to Relay."
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => new(
                RelayErrorKind.Tls,
                $"TLS handshake failed: {(exception.InnerException is AuthenticationException reason ? reason.Message : "the connection was closed.")}"
            ),
            HttpRequestException or IOException when response is not null => new(
                RelayErrorKind.Reset,
                $"{Returned(response)} and closed the connection before its response was complete."
            ),
            HttpRequestException or IOException => new(
                RelayErrorKind.Reset,
                "Relay closed the connection before a response was received, or the response is not valid HTTP."
            ),
            _ => null,
        };

    private static string Returned(HttpResponseMessage response) =>
        $"Relay returned {(int)response.StatusCode} {ReasonPhrases.GetReasonPhrase((int)response.StatusCode)}".TrimEnd();
}

/// <summary>The response to a request.</summary>
internal abstract record RelayResponse
{
    /// <summary>Events.</summary>
    public sealed record Events(RelayPage Page) : RelayResponse;

    /// <summary>Larger than <see cref="RelayClient.MaxResponseBytes"/>.</summary>
    public sealed record TooLarge : RelayResponse
    {
        public static readonly TooLarge Instance = new();
    }

    /// <summary>A failure.</summary>
    public sealed record Failed(RelayFailure Failure) : RelayResponse;
}
