using System.Text.Json.Serialization;

namespace LocalHost.Demo;

/// <summary>The requests after the last one that the page knows, newest first.</summary>
internal sealed record InboxState(InboxResponse Response, long Total, IReadOnlyList<InboxRequest> Requests);

/// <summary>The page's choice of how to respond.</summary>
internal sealed record InboxChoice(InboxResponse Response);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(InboxState))]
[JsonSerializable(typeof(InboxChoice))]
internal sealed partial class InboxJson : JsonSerializerContext;
