using System.Text.Json.Serialization;

namespace LocalHost.Demo;

/// <summary>One request that the inbox got, as its page shows it.</summary>
internal sealed record Arrival
{
    /// <summary>From 1, in the order of arrival.</summary>
    public required long Number { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>As they came, but for the token, of which only the end is kept.</summary>
    public required IReadOnlyList<ArrivalHeader> Headers { get; init; }

    /// <summary>Indented where it is JSON, else as it came.</summary>
    public required string Body { get; init; }

    /// <summary>What is wrong with the signature, or null where it is right.</summary>
    public string? SignatureProblem { get; init; }

    /// <summary>Whether the token is the subscription's.</summary>
    public bool IsTokenRight { get; init; }

    /// <summary>The status that the inbox answers.</summary>
    public int Answered { get; init; }

    /// <summary>How often the same event has come, this time included.</summary>
    public int Time { get; init; }
}

internal sealed record ArrivalHeader(string Name, string Value);

/// <summary>How the inbox answers.</summary>
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

/// <summary>What the page asks for: everything new since an arrival that it knows, newest first.</summary>
internal sealed record InboxState(InboxAnswer Answer, long Total, IReadOnlyList<Arrival> Arrivals);

/// <summary>What the page says when somebody chooses how to answer.</summary>
internal sealed record InboxChoice(InboxAnswer Answer);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InboxState))]
[JsonSerializable(typeof(InboxChoice))]
internal sealed partial class InboxJson : JsonSerializerContext;
