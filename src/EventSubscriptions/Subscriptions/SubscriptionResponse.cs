using System.Text.Json.Serialization;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;

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

    /// <summary>The last 4 characters of the token; absent if it is shorter than 12.</summary>
    public string? TokenHint { get; init; }

    /// <summary>Only in the response that creates it.</summary>
    public string? SigningSecret { get; init; }

    public required IReadOnlyList<string> Events { get; init; }

    public required bool IsActive { get; init; }

    public int? RateLimitPerSecond { get; init; }

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
            Url = DisplayUrl.Of(subscription.Url),
            TokenHint = subscription.Token.Reveal() is { Length: >= MinLengthForHint } token ? token[^HintLength..] : null,
            Events = subscription.Events,
            IsActive = subscription.IsActive,
            RateLimitPerSecond = subscription.RateLimitPerSecond,
            Labels = subscription.Labels.Values.Count > 0 ? subscription.Labels.Values : null,
            ExternalId = subscription.ExternalId,
            Health = SubscriptionHealthResponse.Of(subscription, health),
            CreatedAt = subscription.CreatedAt,
            UpdatedAt = subscription.UpdatedAt,
        };
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
