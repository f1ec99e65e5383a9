using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using EventSubscriptions.Destinations;
using EventSubscriptions.Telemetry;
using Microsoft.AspNetCore.WebUtilities;

namespace EventSubscriptions.Relay;

/// <summary>Asks the Relay API for events. What the other side does wrong is an answer, never an exception.</summary>
public sealed class RelayClient(IHttpClientFactory clients, RelayOptions options, TimeProvider time)
{
    /// <summary>The name of the HTTP client.</summary>
    public const string ClientName = "relay";

    /// <summary>The largest answer that is taken.</summary>
    public const int MaxResponseBytes = 16 * 1024 * 1024;

    /// <summary>From name resolution to the end of the answer.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'";
    private const int MaxErrorBytes = 16 * 1024;

    private static readonly MediaTypeHeaderValue s_json = new("application/json");
    private static readonly string s_userAgent = $"EventSubscriptions/{AppVersion.Text}";

    private readonly HttpClient _client = clients.CreateClient(ClientName);

    /// <summary>Where a subscriber's events are.</summary>
    public Uri UrlOf(RelaySubscriber subscriber) => new($"{options.BaseAddress.AbsoluteUri.TrimEnd('/')}/subscribers/{subscriber.Id}/api/v1/events");

    /// <summary>Asks for the oldest events from a time on, that time included.</summary>
    /// <param name="subscriber">Whose events, and by which key.</param>
    /// <param name="oldest">The time, to the microsecond: what is finer is cut off.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Ends the request with <see cref="OperationCanceledException"/>.</param>
    internal async Task<RelayResponse> GetAsync(RelaySubscriber subscriber, DateTimeOffset oldest, int limit, CancellationToken cancellationToken)
    {
        using var request = CreateRequest(subscriber, oldest, limit);
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return response.IsSuccessStatusCode ? await ReadEventsAsync(response, either.Token) : await ReadRefusalAsync(response, subscriber, either.Token);
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
            CultureInfo.InvariantCulture, $"?oldest={oldest.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}&limit={limit}");
        var request = new HttpRequestMessage(HttpMethod.Get, UrlOf(subscriber) + query)
        {
            // The API's document asks for the header, which HTTP knows with a body only: here an empty one.
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
            : new RelayResponse.Failed(new RelayFailure(RelayFailure.Malformed, problem) { StatusCode = (int)response.StatusCode });
    }

    private async Task<RelayResponse> ReadRefusalAsync(HttpResponseMessage response, RelaySubscriber subscriber, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MaxErrorBytes];
        var length = await stream.ReadAtLeastAsync(buffer, MaxErrorBytes, throwOnEndOfStream: false, cancellationToken);
        var retryAfter = response.Headers.NonValidated.TryGetValues("Retry-After", out var values) ? values.ToString() : null;
        return new RelayResponse.Failed(new RelayFailure(status is >= 300 and < 400 ? ErrorKind.Redirect : ErrorKind.Status, $"{Answered(response)}.")
        {
            StatusCode = status,
            ResponseSnippet = ResponseScrubber.Scrub(
                buffer.AsSpan(0, length), truncated: length == MaxErrorBytes, new SecretForms([subscriber.ApiKey.Reveal()]), ResponseScrubber.MaxSnippetLength),
            RestUntil = status is 429 or 503 ? RetryAfter.Parse(retryAfter, time.GetUtcNow()) : null,
        });
    }

    /// <summary>What the other side did, or null where the exception is not about it.</summary>
    private static RelayFailure? Explain(Exception exception, HttpResponseMessage? response) => exception switch
    {
        OperationCanceledException when response is null => new(ErrorKind.Timeout, $"Relay did not answer within {Deadline.TotalSeconds:0} s."),
        OperationCanceledException => new(ErrorKind.Timeout, $"{Answered(response)} and did not end its answer within {Deadline.TotalSeconds:0} s."),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => new(ErrorKind.Dns, "Relay's host name could not be resolved."),
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError, InnerException: SocketException refused } =>
            new(ErrorKind.Connect, $"Relay took no connection: {refused.Message}."),
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => new(ErrorKind.Connect, "Relay took no connection."),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } =>
            new(ErrorKind.Tls, $"No secure connection came about: {(exception.InnerException is AuthenticationException reason ? reason.Message : "the handshake was broken off.")}"),
        HttpRequestException or IOException when response is not null => new(ErrorKind.Reset, $"{Answered(response)} and closed the connection in the middle of its answer."),
        HttpRequestException or IOException => new(ErrorKind.Reset, "Relay closed the connection before an answer came, or the answer is not valid HTTP."),
        _ => null,
    };

    private static string Answered(HttpResponseMessage response) =>
        $"Relay answered {(int)response.StatusCode} {ReasonPhrases.GetReasonPhrase((int)response.StatusCode)}".TrimEnd();
}

/// <summary>What came of a question.</summary>
internal abstract record RelayResponse
{
    /// <summary>Events.</summary>
    public sealed record Events(RelayPage Page) : RelayResponse;

    /// <summary>More than <see cref="RelayClient.MaxResponseBytes"/>.</summary>
    public sealed record TooLarge : RelayResponse
    {
        public static readonly TooLarge Instance = new();
    }

    /// <summary>Neither.</summary>
    public sealed record Failed(RelayFailure Failure) : RelayResponse;
}
