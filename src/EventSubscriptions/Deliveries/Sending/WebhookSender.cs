using System.Buffers;
using System.Globalization;
using System.Security.Authentication;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Destinations;
using EventSubscriptions.Events;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Formats;
using EventSubscriptions.Subscriptions.Formats.Templates;
using EventSubscriptions.Telemetry;
using Microsoft.AspNetCore.WebUtilities;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>POSTs a payload to a subscription's URL. Failures of the receiver are results, never exceptions.</summary>
public sealed class WebhookSender(
    WebhookClients clients,
    AccessTokens tokens,
    DestinationGuard guard,
    DeliveriesOptions options,
    TimeProvider time
)
{
    /// <summary>How much of a response is read, in bytes.</summary>
    public const int MaxResponseBytes = 16 * 1024;

    private const int MaxLocationLength = 512;

    private static readonly string s_userAgent = $"EventSubscriptions/{AppVersion.Text}";

    /// <summary>Sends one request. One deadline covers it from name resolution to the end of the response.</summary>
    /// <param name="content">The event. Its id is the <c>webhook-id</c> of all attempts.</param>
    /// <param name="traceParent">W3C trace context, or null.</param>
    /// <param name="cancellationToken">Cancellation throws <see cref="OperationCanceledException"/> and says nothing about the
    /// receiver.</param>
    public async Task<DeliveryResult> SendAsync(
        Subscription subscription,
        EventContent content,
        string? traceParent,
        CancellationToken cancellationToken
    )
    {
        var at = time.GetUtcNow();
        var started = time.GetTimestamp();
        if (guard.CheckUrl(subscription.Url) is { } refusal)
        {
            return new DeliveryResult
            {
                At = at,
                Duration = TimeSpan.Zero,
                IsUrlForbidden = true,
                Error = new(ErrorKind.Forbidden, $"The URL {refusal}."),
            };
        }

        RequestBody body;
        try
        {
            body = subscription.Format.Compose(content, time);
        }
        catch (TemplateException failure)
        {
            return new DeliveryResult
            {
                At = at,
                Duration = time.GetElapsedTime(started),
                Error = new(ErrorKind.Template, $"The template failed on the event: {failure.Message}."),
            };
        }

        var limit = subscription.Deadline ?? options.Deadline;
        using var deadline = new CancellationTokenSource(limit, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        using var lease = clients.Rent(subscription);
        HttpResponseMessage? response = null;
        try
        {
            var token = await AuthorizeAsync(subscription, rejected: null, cancellationToken, linked.Token);
            response = await SendAsync(lease, () => CreateRequest(subscription, token, content.Id, body, traceParent, at), linked.Token);
            if (token is not null && response.StatusCode == System.Net.HttpStatusCode.Unauthorized)
            {
                // It may have been revoked: one renewal, and one more request with the same id.
                response.Dispose();
                response = null;
                token = await AuthorizeAsync(subscription, token, cancellationToken, linked.Token);
                response = await SendAsync(
                    lease,
                    () => CreateRequest(subscription, token, content.Id, body, traceParent, at),
                    linked.Token
                );
            }

            var secrets = token is null ? SubscriptionSecrets.Of(subscription) : SubscriptionSecrets.With(subscription, token.Value);
            var snippet = await ReadSnippetAsync(response, secrets, content.Payload, body, linked.Token);
            if ((int)response.StatusCode < 100)
            {
                return new DeliveryResult
                {
                    At = at,
                    Duration = time.GetElapsedTime(started),
                    Error = new(ErrorKind.Reset, "The response is not valid HTTP."),
                };
            }

            return new DeliveryResult
            {
                At = at,
                Duration = time.GetElapsedTime(started),
                StatusCode = (int)response.StatusCode,
                Location = Location(response, secrets),
                RetryAfter = RetryAfter(response),
                ResponseSnippet = snippet,
            };
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && Explain(exception, response, limit) is { } error)
        {
            return new DeliveryResult
            {
                At = at,
                Duration = time.GetElapsedTime(started),
                StatusCode = (int?)response?.StatusCode,
                Error = error,
            };
        }
        finally
        {
            response?.RequestMessage?.Dispose();
            response?.Dispose();
        }
    }

    /// <summary>The access token, or null if the subscription doesn't use any.</summary>
    private async Task<AccessToken?> AuthorizeAsync(
        Subscription subscription,
        AccessToken? rejected,
        CancellationToken callers,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await tokens.GetAsync(subscription, rejected, cancellationToken);
        }
        catch (OperationCanceledException) when (!callers.IsCancellationRequested)
        {
            throw new AccessTokenException("The token endpoint did not respond in time.");
        }
    }

    /// <summary>
    /// Sends a request, and sends it again on a new connection if the server was closing the kept-alive one (RFC 9112 §9.3.1). The server
    /// may have seen both; they have the same id.
    /// </summary>
    private static async Task<HttpResponseMessage> SendAsync(
        WebhookClients.Lease clients,
        Func<HttpRequestMessage> create,
        CancellationToken cancellationToken
    )
    {
        var use = ConnectionUse.Watch();
        try
        {
            return await SendAsync(clients, use.Attach(create()), onNewConnection: false, cancellationToken);
        }
        catch (HttpRequestException) when (use is { IsReused: true, HasResponse: false } && !cancellationToken.IsCancellationRequested)
        {
            return await SendAsync(clients, use.Attach(create()), onNewConnection: true, cancellationToken);
        }
        catch (HttpRequestException exception) when (use.Refusal is { } refusal)
        {
            throw new WebhookConnectException(ErrorKind.Tls, refusal, exception);
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(
        WebhookClients.Lease clients,
        HttpRequestMessage request,
        bool onNewConnection,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await clients.SendAsync(request, onNewConnection, cancellationToken);
        }
        catch
        {
            request.Dispose();
            throw;
        }
    }

    /// <summary>The header <c>Retry-After</c>. Proxies may repeat it.</summary>
    private static string? RetryAfter(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("Retry-After", out var values)
            ? string.Join(", ", values.Select(value => value.Trim()).Distinct(StringComparer.Ordinal))
            : null;

    private static HttpRequestMessage CreateRequest(
        Subscription subscription,
        AccessToken? token,
        EventId eventId,
        RequestBody body,
        string? traceParent,
        DateTimeOffset at
    )
    {
        var secure = subscription.Url.Scheme == Uri.UriSchemeHttps;
        var request = new HttpRequestMessage(HttpMethod.Post, subscription.Url)
        {
            Content = new ReadOnlyMemoryContent(body.Bytes) { Headers = { ContentType = body.ContentType } },
            Version = secure ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Options.Set(WebhookConnector.Organization, subscription.OrganizationId);
        var headers = request.Headers;
        if (AuthorizationHeader.Of(subscription, token) is { Name: { } name } authorization)
        {
            headers.TryAddWithoutValidation(name, authorization.Value);
        }

        foreach (var (header, value) in subscription.Headers.Values)
        {
            headers.TryAddWithoutValidation(header, value.Reveal());
        }

        headers.TryAddWithoutValidation("User-Agent", s_userAgent);
        headers.TryAddWithoutValidation("webhook-id", eventId.ToString());
        headers.TryAddWithoutValidation("webhook-timestamp", at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        if (WebhookSignature.Of(eventId.ToString(), at, body.Bytes.Span, subscription.SigningSecrets) is { } signature)
        {
            headers.TryAddWithoutValidation("webhook-signature", signature);
        }

        if (traceParent is not null)
        {
            headers.TryAddWithoutValidation("traceparent", traceParent);
        }

        return request;
    }

    private static async Task<string?> ReadSnippetAsync(
        HttpResponseMessage response,
        SecretForms secrets,
        ReadOnlyMemory<byte> payload,
        RequestBody body,
        CancellationToken cancellationToken
    )
    {
        // After a final 1xx (101 Switching Protocols) another protocol follows, which has no end.
        if (response.Content.Headers.ContentLength == 0 || (int)response.StatusCode < 200)
        {
            return null;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(MaxResponseBytes);
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            var length = await stream.ReadAtLeastAsync(
                buffer.AsMemory(0, MaxResponseBytes),
                MaxResponseBytes,
                throwOnEndOfStream: false,
                cancellationToken
            );
            return ResponseScrubber.Scrub(
                buffer.AsSpan(0, PayloadEcho.Remove(buffer.AsSpan(0, length), payload.Span, body.Bytes.Span)),
                truncated: length == MaxResponseBytes,
                secrets,
                ResponseScrubber.MaxSnippetLength
            );
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The target of a redirect. Its user info and query may contain secrets and are removed.</summary>
    private static string? Location(HttpResponseMessage response, SecretForms secrets)
    {
        if (response.Headers.Location is not { } location)
        {
            return null;
        }

        var text = location.OriginalString;
        text = text[..(text.AsSpan().IndexOfAny('?', '#') is >= 0 and var end ? end : text.Length)];
        var shown = System.Text.Encoding.UTF8.GetBytes(WithoutUserInfo(text));
        return ResponseScrubber.Scrub(shown, truncated: false, secrets, MaxLocationLength);
    }

    private static string WithoutUserInfo(string url)
    {
        var start = url.AsSpan().IndexOf("//") + 2;
        if (start < 2)
        {
            return url;
        }

        var length = url.AsSpan(start).IndexOfAny('/', '\\');
        var authority = length < 0 ? url.AsSpan(start) : url.AsSpan(start, length);
        return url.Remove(start, authority.LastIndexOf('@') + 1);
    }

    /// <summary>Explains an exception that the receiver caused; null for any other.</summary>
    private static DeliveryError? Explain(Exception exception, HttpResponseMessage? response, TimeSpan limit)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is AccessTokenException authentication)
            {
                return authentication.Error;
            }

            if (cause is WebhookConnectException connect)
            {
                return connect.Error;
            }
        }

        return exception switch
        {
            OperationCanceledException when response is null => new(ErrorKind.Timeout, $"No response within {limit.TotalSeconds:0.###} s."),
            OperationCanceledException => new(
                ErrorKind.Timeout,
                $"{Returned(response!)} and did not complete its response within {limit.TotalSeconds:0.###} s."
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => new(
                ErrorKind.Tls,
                $"TLS handshake failed: {Tls(exception)}"
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } => new(
                ErrorKind.Connect,
                "The proxy did not connect to the receiver."
            ),
            HttpRequestException when response is null && CertificateRefusal.AlertIn(exception) is { } alert => new(
                ErrorKind.Tls,
                $"TLS handshake failed: the receiver closed the connection ({alert})."
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => new(
                ErrorKind.Reset,
                "The response headers are too long."
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => new(
                ErrorKind.Reset,
                "The response is not valid HTTP."
            ),
            HttpRequestException or IOException when response is not null => new(
                ErrorKind.Reset,
                $"{Returned(response)} and closed the connection before its response was complete."
            ),
            HttpRequestException or IOException => new(ErrorKind.Reset, "The connection was closed before a response was received."),
            _ => null,
        };
    }

    private static string Returned(HttpResponseMessage response) =>
        $"The receiver returned {(int)response.StatusCode} {ReasonPhrases.GetReasonPhrase((int)response.StatusCode)}".TrimEnd();

    private static string Tls(Exception exception) =>
        CertificateRefusal.AlertIn(exception) is { } alert ? $"the receiver closed the connection ({alert})."
        : exception.InnerException is AuthenticationException reason ? reason.Message
        : "the connection was closed.";
}
