using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using EventSubscriptions.Destinations;
using EventSubscriptions.Organizations;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Telemetry;
using Microsoft.AspNetCore.WebUtilities;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>Access tokens by OAuth 2.0 client credentials (RFC 6749 §4.4).</summary>
internal sealed class TokenEndpoint(WebhookClients clients, DestinationGuard guard, TimeProvider time)
{
    private const int MaxResponseBytes = 64 * 1024;

    /// <summary>The codes of RFC 6749 §5.2 and §4.1.2.1, and of RFC 8707. Any other text may repeat a secret.</summary>
    private static readonly string[] s_errors =
    [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "invalid_target",
        "access_denied",
        "server_error",
        "temporarily_unavailable",
    ];

    private static readonly TimeSpan s_defaultLifetime = TimeSpan.FromMinutes(5);

    /// <summary>Requests a token. Throws <see cref="AccessTokenException"/> if there is none.</summary>
    public async Task<AccessToken> RequestAsync(
        OrganizationId organization,
        SubscriptionAuthentication.OAuth2 authentication,
        CancellationToken cancellationToken
    )
    {
        if (guard.CheckUrl(authentication.TokenUrl) is { } refusal)
        {
            throw new AccessTokenException($"The URL of the token endpoint {refusal}.");
        }

        try
        {
            using var request = CreateRequest(organization, authentication);
            using var response = await clients.Shared.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return Read(response, await ReadBodyAsync(response, cancellationToken));
        }
        catch (InvalidOperationException)
        {
            // JSON allows escapes of lone surrogates, and no .NET string does.
            throw new AccessTokenException("The response of the token endpoint has invalid text.");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new AccessTokenException($"The token endpoint could not be reached: {Reason(exception)}", exception);
        }
    }

    private static string Reason(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is WebhookConnectException connect)
            {
                return connect.Error.Detail;
            }
        }

        return exception is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
            ? "the TLS handshake failed."
            : "the connection was closed.";
    }

    private static HttpRequestMessage CreateRequest(OrganizationId organization, SubscriptionAuthentication.OAuth2 authentication)
    {
        List<KeyValuePair<string, string>> form = [new("grant_type", "client_credentials")];
        if (authentication.Scope is { } scope)
        {
            form.Add(new("scope", scope));
        }

        if (authentication.Audience is { } audience)
        {
            form.Add(new("audience", audience));
        }

        var secret = authentication.ClientSecret.Reveal();
        if (authentication.ClientAuthentication == ClientAuthentication.Body)
        {
            form.Add(new("client_id", authentication.ClientId));
            form.Add(new("client_secret", secret));
        }

        var secure = authentication.TokenUrl.Scheme == Uri.UriSchemeHttps;
        var request = new HttpRequestMessage(HttpMethod.Post, authentication.TokenUrl)
        {
            Content = new FormUrlEncodedContent(form),
            Version = secure ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Options.Set(WebhookConnector.Organization, organization);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.TryAddWithoutValidation("User-Agent", $"EventSubscriptions/{AppVersion.Text}");
        if (authentication.ClientAuthentication == ClientAuthentication.Basic)
        {
            // RFC 6749 §2.3.1: both parts are form-encoded first.
            var pair = $"{Encode(authentication.ClientId)}:{Encode(secret)}";
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
        }

        return request;

        static string Encode(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);
    }

    private static async Task<JsonElement> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxResponseBytes];
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        try
        {
            return JsonElement.Parse(buffer.AsSpan(0, length));
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private AccessToken Read(HttpResponseMessage response, JsonElement body)
    {
        var status = (int)response.StatusCode;
        if (status != 200)
        {
            var error = Text(body, "error") is { } code && s_errors.Contains(code, StringComparer.Ordinal) ? $" ({code})" : "";
            throw new AccessTokenException(
                $"The token endpoint returned {status} {ReasonPhrases.GetReasonPhrase(status)}".TrimEnd() + $"{error}."
            );
        }

        var token = Text(body, "access_token");
        if (string.IsNullOrEmpty(token) || token.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw new AccessTokenException("The response of the token endpoint has no access_token that can be sent in a header.");
        }

        if (Text(body, "token_type") is { } type && !type.Equals("bearer", StringComparison.OrdinalIgnoreCase))
        {
            throw new AccessTokenException("The token endpoint returned a token_type other than Bearer, which is not supported.");
        }

        return AccessToken.Of(new Secret(token), Lifetime(body), time);
    }

    private static TimeSpan Lifetime(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("expires_in", out var value))
        {
            return s_defaultLifetime;
        }

        var text = value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds >= 0
            ? TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(1).TotalSeconds))
            : s_defaultLifetime;
    }

    private static string? Text(JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
