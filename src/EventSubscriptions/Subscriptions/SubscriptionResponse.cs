using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Subscriptions.Filters;
using EventSubscriptions.Subscriptions.Formats;

namespace EventSubscriptions.Subscriptions;

/// <summary>A subscription in responses: without the token, and with the values of the URL's query masked.</summary>
internal sealed record SubscriptionResponse
{
    private const int HintLength = 4;
    private const int MinLengthForHint = 12;

    public required string Id { get; init; }

    public required int OrganizationId { get; init; }

    public required string Name { get; init; }

    public string? Description { get; init; }

    public required string Url { get; init; }

    /// <summary>Whether the URL shows no more than its host.</summary>
    public required bool UrlIsSecret { get; init; }

    public required AuthenticationResponse Authentication { get; init; }

    /// <summary>Absent if it has none.</summary>
    public ClientCertificateDetails? ClientCertificate { get; init; }

    /// <summary>The names of its headers; absent if it has none.</summary>
    public IReadOnlyList<string>? HeaderNames { get; init; }

    /// <summary>The last 4 characters of a bearer token; absent if it is shorter than 12.</summary>
    public string? TokenHint { get; init; }

    /// <summary>Only in the response that creates it.</summary>
    public string? SigningSecret { get; init; }

    public required IReadOnlyList<string> Events { get; init; }

    public required bool IsActive { get; init; }

    public int? RateLimitPerSecond { get; init; }

    /// <summary>Which payloads it gets; absent for all.</summary>
    public JsonElement? Filter { get; init; }

    /// <summary>How the body of its requests is made; absent for the standard format.</summary>
    public FormatResponse? Format { get; init; }

    /// <summary>The delays after failed attempts; absent if they are those of the app.</summary>
    public IReadOnlyList<string>? RetrySchedule { get; init; }

    /// <summary>The time limit of an attempt; absent if it is that of the app.</summary>
    public string? Deadline { get; init; }

    /// <summary>Absent if it has none.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public string? ExternalId { get; init; }

    public required SubscriptionHealthResponse Health { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public static SubscriptionResponse Of(Subscription subscription, SubscriptionHealth health) =>
        new()
        {
            Id = subscription.Id.ToString(),
            OrganizationId = subscription.OrganizationId.Value,
            Name = subscription.Name,
            Description = subscription.Description,
            Url = DisplayUrl.Of(subscription),
            UrlIsSecret = subscription.UrlIsSecret,
            Authentication = AuthenticationResponse.Of(subscription.Authentication),
            HeaderNames = subscription.Headers.Values.Count > 0 ? [.. subscription.Headers.Values.Keys] : null,
            ClientCertificate = subscription.ClientCertificate?.Details,
            TokenHint =
                subscription.Authentication is SubscriptionAuthentication.Bearer bearer
                && bearer.Token.Reveal() is { Length: >= MinLengthForHint } token
                    ? token[^HintLength..]
                    : null,
            Events = subscription.Events,
            IsActive = subscription.IsActive,
            RateLimitPerSecond = subscription.RateLimitPerSecond,
            Filter = subscription.Filter is { } filter ? ParseFilter(filter) : null,
            Format = FormatResponse.Of(subscription.Format),
            RetrySchedule = subscription.RetrySchedule is { } schedule ? [.. schedule.Select(DurationOf)] : null,
            Deadline = subscription.Deadline is { } deadline ? DurationOf(deadline) : null,
            Labels = subscription.Labels.Values.Count > 0 ? subscription.Labels.Values : null,
            ExternalId = subscription.ExternalId,
            Health = SubscriptionHealthResponse.Of(subscription, health),
            CreatedAt = subscription.CreatedAt,
            UpdatedAt = subscription.UpdatedAt,
        };

    private static string DurationOf(TimeSpan duration) => duration.ToString("c", CultureInfo.InvariantCulture);

    private static JsonElement ParseFilter(SubscriptionFilter filter)
    {
        using var document = JsonDocument.Parse(filter.Json);
        return document.RootElement.Clone();
    }
}

/// <summary>The response of a rotation, the only one with the new secret.</summary>
internal sealed record RotatedSecretResponse(string SigningSecret, DateTimeOffset? PreviousSecretUntil);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)]
)]
[JsonSerializable(typeof(ListPage<SubscriptionResponse>))]
[JsonSerializable(typeof(RotatedSecretResponse))]
internal sealed partial class SubscriptionJson : JsonSerializerContext;
