using System.Text.Json.Serialization;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Replays;

/// <summary>A replay in responses.</summary>
internal sealed record ReplayResponse
{
    public required string Id { get; init; }

    public required string SubscriptionId { get; init; }

    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset To { get; init; }

    public IReadOnlyList<string>? Events { get; init; }

    public required ReplaySelection Only { get; init; }

    public required bool DryRun { get; init; }

    public required ReplayState State { get; init; }

    /// <summary>How many events were found; while it counts, so far.</summary>
    public required long Matched { get; init; }

    /// <summary>How many of them are queued.</summary>
    public required long Sent { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public static ReplayResponse Of(Replay replay) =>
        new()
        {
            Id = replay.Id.ToString(),
            SubscriptionId = replay.SubscriptionId.ToString(),
            From = replay.From,
            To = replay.To,
            Events = replay.Events,
            Only = replay.Only,
            DryRun = replay.DryRun,
            State = replay.State,
            Matched = replay.Matched,
            Sent = replay.Sent,
            CreatedAt = replay.CreatedAt,
            EndedAt = replay.EndedAt,
        };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)]
)]
[JsonSerializable(typeof(ListPage<ReplayResponse>))]
[JsonSerializable(typeof(ReplayResponse))]
internal sealed partial class ReplayJson : JsonSerializerContext;
