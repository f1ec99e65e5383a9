using System.Text.Json.Serialization;

namespace LocalHost.Demo;

/// <summary>A request that the inbox received, as its page shows it.</summary>
internal sealed record Arrival
{
    /// <summary>From 1, in the order of arrival.</summary>
    public required long Number { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Unchanged, except that only the end of the token is kept.</summary>
    public required IReadOnlyList<ArrivalHeader> Headers { get; init; }

    /// <summary>Indented if it is JSON, else unchanged.</summary>
    public required string Body { get; init; }

    /// <summary>What is wrong with the signature, or null if it is valid.</summary>
    public string? SignatureProblem { get; init; }

    /// <summary>Whether the token is the subscription's.</summary>
    public bool IsTokenRight { get; init; }

    /// <summary>The status that the inbox returns.</summary>
    public int Answered { get; init; }

    /// <summary>How often the same event has arrived, including this time.</summary>
    public int Time { get; init; }
}

internal sealed record ArrivalHeader(string Name, string Value);

/// <summary>How the inbox responds.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<InboxAnswer>))]
internal enum InboxAnswer
{
    /// <summary>200 at once.</summary>
    [JsonStringEnumMemberName("well")]
    Well,

    /// <summary>500 at once.</summary>
    [JsonStringEnumMemberName("error")]
    Error,

    /// <summary>200 after <see cref="Inbox.SlowAnswer"/>.</summary>
    [JsonStringEnumMemberName("slow")]
    Slow,
}

/// <summary>The response to the page: all arrivals after one that it knows, newest first.</summary>
internal sealed record InboxState(InboxAnswer Answer, long Total, IReadOnlyList<Arrival> Arrivals);

/// <summary>The request of the page to choose how to respond.</summary>
internal sealed record InboxChoice(InboxAnswer Answer);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(InboxState))]
[JsonSerializable(typeof(InboxChoice))]
internal sealed partial class InboxJson : JsonSerializerContext;
