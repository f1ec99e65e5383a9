using System.Text.Json;
using System.Text.Json.Serialization;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Audit;

/// <summary>An entry of the audit log in responses.</summary>
public sealed record AuditEntryResponse
{
    public required string Id { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    public string? Type { get; init; }

    public int? OrganizationId { get; init; }

    public string? SubscriptionId { get; init; }

    public string? Url { get; init; }

    public string? EventId { get; init; }

    public string? EventName { get; init; }

    public int? Attempt { get; init; }

    public int? StatusCode { get; init; }

    public AuditError? Error { get; init; }

    public long? DurationMs { get; init; }

    public string? ResponseSnippet { get; init; }

    public string? Actor { get; init; }

    /// <summary>The id of the key. Names can be reused, ids can't.</summary>
    public string? ActorId { get; init; }

    /// <summary><c>{field: {from, to}}</c>.</summary>
    public JsonElement? Changes { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)]
)]
[JsonSerializable(typeof(ListPage<AuditEntryResponse>))]
internal sealed partial class AuditJson : JsonSerializerContext;
