using System.Buffers;
using System.Globalization;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Security.Authentication;
using EventSubscriptions.Events;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Telemetry;
using Microsoft.AspNetCore.WebUtilities;

namespace EventSubscriptions.Deliveries;

/// <summary>POSTs a payload to a subscription's URL, and reports what came back. What the other side does wrong is a result, never an exception.</summary>
public sealed class WebhookSender(IHttpClientFactory clients, DestinationGuard guard, DeliveriesOptions options, TimeProvider time)
{
    /// <summary>The name of the HTTP client.</summary>
    public const string ClientName = "webhooks";

    /// <summary>How much of an answer is read, in bytes.</summary>
    public const int MaxResponseBytes = 16 * 1024;

    /// <summary>How much of an answer is kept, in characters.</summary>
    public const int MaxSnippetLength = 1024;

    private const int MaxLocationLength = 512;

    private static readonly MediaTypeHeaderValue s_json = new("application/json");
    private static readonly string s_userAgent = $"EventSubscriptions/{AppVersion.Text}";

    private readonly HttpClient _client = clients.CreateClient(ClientName);

    /// <summary>Sends one request. One deadline covers it from name resolution to the end of the answer.</summary>
    /// <param name="subscription">Where to, and with which token.</param>
    /// <param name="eventId">The <c>webhook-id</c>, the same over retries.</param>
    /// <param name="payload">The body, sent as it is.</param>
    /// <param name="traceParent">W3C trace context, or null.</param>
    /// <param name="cancellationToken">Ends the attempt with <see cref="OperationCanceledException"/>: it says nothing about the receiver.</param>
    public async Task<DeliveryResult> SendAsync(Subscription subscription, EventId eventId, ReadOnlyMemory<byte> payload, string? traceParent, CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow();
        var started = time.GetTimestamp();
        if (guard.CheckUrl(subscription.Url) is { } refusal)
        {
            return new DeliveryResult { At = at, Duration = TimeSpan.Zero, Error = new(ErrorKind.Forbidden, $"The URL {refusal}.") };
        }

        using var request = CreateRequest(subscription, eventId, payload, traceParent, at);
        using var deadline = new CancellationTokenSource(options.Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var snippet = await ReadSnippetAsync(response, subscription, either.Token);
            return new DeliveryResult
            {
                At = at,
                Duration = time.GetElapsedTime(started),
                StatusCode = (int)response.StatusCode,
                Location = Location(response, subscription),
                RetryAfter = response.Headers.NonValidated.TryGetValues("Retry-After", out var retryAfter) ? retryAfter.ToString() : null,
                ResponseSnippet = snippet,
            };
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && Explain(exception, response) is { } error)
        {
            return new DeliveryResult { At = at, Duration = time.GetElapsedTime(started), StatusCode = (int?)response?.StatusCode, Error = error };
        }
        finally
        {
            response?.Dispose();
        }
    }

    private static HttpRequestMessage CreateRequest(Subscription subscription, EventId eventId, ReadOnlyMemory<byte> payload, string? traceParent, DateTimeOffset at)
    {
        var secure = subscription.Url.Scheme == Uri.UriSchemeHttps;
        var request = new HttpRequestMessage(HttpMethod.Post, subscription.Url)
        {
            Content = new ReadOnlyMemoryContent(payload) { Headers = { ContentType = s_json } },
            Version = secure ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        var headers = request.Headers;
        headers.TryAddWithoutValidation("Authorization", $"Bearer {subscription.Token.Reveal()}");
        headers.TryAddWithoutValidation("User-Agent", s_userAgent);
        headers.TryAddWithoutValidation("webhook-id", eventId.ToString());
        headers.TryAddWithoutValidation("webhook-timestamp", at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        if (WebhookSignature.Of(eventId.ToString(), at, payload.Span, subscription.SigningSecrets) is { } signature)
        {
            headers.TryAddWithoutValidation("webhook-signature", signature);
        }

        if (traceParent is not null)
        {
            headers.TryAddWithoutValidation("traceparent", traceParent);
        }

        return request;
    }

    private static async Task<string?> ReadSnippetAsync(HttpResponseMessage response, Subscription subscription, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength == 0)
        {
            return null;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(MaxResponseBytes);
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            var length = await stream.ReadAtLeastAsync(buffer.AsMemory(0, MaxResponseBytes), MaxResponseBytes, throwOnEndOfStream: false, cancellationToken);
            return ResponseScrubber.Scrub(buffer.AsSpan(0, length), truncated: length == MaxResponseBytes, ResponseScrubber.SecretsOf(subscription), MaxSnippetLength);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Where a redirect points. Its query may hold somebody's secrets and is left out.</summary>
    private static string? Location(HttpResponseMessage response, Subscription subscription)
    {
        if (response.Headers.Location is not { } location)
        {
            return null;
        }

        var text = location.OriginalString;
        var path = text.AsSpan(0, text.AsSpan().IndexOfAny('?', '#') is >= 0 and var end ? end : text.Length);
        return ResponseScrubber.Scrub(System.Text.Encoding.UTF8.GetBytes(path.ToString()), truncated: false, ResponseScrubber.SecretsOf(subscription), MaxLocationLength);
    }

    /// <summary>What the other side did, or null where the exception is not about it.</summary>
    private DeliveryError? Explain(Exception exception, HttpResponseMessage? response)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is WebhookConnectException connect)
            {
                return connect.Error;
            }
        }

        return exception switch
        {
            OperationCanceledException when response is null =>
                new(ErrorKind.Timeout, $"There was no answer within {options.Deadline.TotalSeconds:0.###} s."),
            OperationCanceledException =>
                new(ErrorKind.Timeout, $"{Answered(response!)} and did not end its answer within {options.Deadline.TotalSeconds:0.###} s."),
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } =>
                new(ErrorKind.Tls, $"No secure connection came about: {Tls(exception)}"),
            HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } =>
                new(ErrorKind.Reset, "The answer's headers are too long."),
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } =>
                new(ErrorKind.Reset, "The answer is not valid HTTP."),
            HttpRequestException or IOException when response is not null =>
                new(ErrorKind.Reset, $"{Answered(response)} and closed the connection in the middle of its answer."),
            HttpRequestException or IOException =>
                new(ErrorKind.Reset, "The connection was closed before an answer came."),
            _ => null,
        };
    }

    private static string Answered(HttpResponseMessage response) =>
        $"The receiver answered {(int)response.StatusCode} {ReasonPhrases.GetReasonPhrase((int)response.StatusCode)}".TrimEnd();

    private static string Tls(Exception exception) =>
        exception.InnerException is AuthenticationException reason ? reason.Message : "the handshake was broken off.";
}
