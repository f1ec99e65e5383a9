using System.Text.Json;

namespace TestSupport.App;

/// <summary>A page of a list.</summary>
internal sealed record PageResult<T>(IReadOnlyList<T> Items, string? ContinuationToken);

/// <summary>A subscription.</summary>
/// <param name="SigningSecret">Only in the response that creates the subscription.</param>
internal sealed record SubscriptionResult(
    string Id,
    int OrganizationId,
    string Name,
    string Url,
    IReadOnlyList<string> Events,
    bool IsActive,
    SubscriptionHealthResult Health,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    string? Description = null,
    string? TokenHint = null,
    string? SigningSecret = null,
    int? RateLimitPerSecond = null,
    IReadOnlyDictionary<string, string>? Labels = null,
    string? ExternalId = null,
    JsonElement? Filter = null,
    IReadOnlyList<string>? RetrySchedule = null,
    string? Deadline = null,
    AuthenticationResult? Authentication = null,
    IReadOnlyList<string>? HeaderNames = null,
    bool? UrlIsSecret = null,
    ClientCertificateResult? ClientCertificate = null,
    FormatResult? Format = null
);

internal sealed record ClientCertificateResult(string Subject, string Thumbprint, DateTimeOffset ExpiresAt);

internal sealed record FormatResult(
    string Type,
    string? Body = null,
    string? ContentType = null,
    string? Preset = null,
    IReadOnlyList<string>? SecretNames = null
);

internal sealed record PreviewResult(string EventId, string EventName, string ContentType, string Body);

internal sealed record AuthenticationResult(
    string Type,
    string? Username = null,
    string? Name = null,
    string? TokenUrl = null,
    string? ClientId = null,
    string? Scope = null,
    string? Audience = null,
    string? ClientAuthentication = null,
    string? Resource = null
);

internal sealed record FilterTestResult(int Examined, int Matched, bool IsComplete, IReadOnlyList<FilterTestExampleResult> Examples);

internal sealed record FilterTestExampleResult(string Id, string EventName, DateTimeOffset PublishedAt);

internal sealed record SubscriptionHealthResult(string State, int Failures, DateTimeOffset? FailingSince = null, string? Reason = null)
{
    public static SubscriptionHealthResult Healthy { get; } = new("healthy", Failures: 0);
}

internal sealed record RotatedSecretResult(string SigningSecret, DateTimeOffset? PreviousSecretUntil = null);

/// <summary>An attempt at a delivery.</summary>
/// <param name="Delivered">Only in the response to a test.</param>
internal sealed record AttemptResult(
    string EventId,
    string EventName,
    int Attempt,
    string Run,
    DateTimeOffset At,
    DateTimeOffset EndedAt,
    string Outcome,
    long DurationMs,
    int? StatusCode = null,
    ErrorResult? Error = null,
    string? ResponseSnippet = null,
    DateTimeOffset? NextAttemptAt = null,
    bool? Delivered = null
);

internal sealed record ErrorResult(string Kind, string Detail, string? Hint = null);

internal sealed record ResendResult(string Run);

internal sealed record AuditLogEntry(
    string Id,
    DateTimeOffset Timestamp,
    string Type,
    int? OrganizationId = null,
    string? SubscriptionId = null,
    string? Url = null,
    string? EventId = null,
    string? EventName = null,
    int? Attempt = null,
    int? StatusCode = null,
    ErrorResult? Error = null,
    long? DurationMs = null,
    string? ResponseSnippet = null,
    string? Actor = null,
    string? ActorId = null,
    IReadOnlyDictionary<string, ChangeResult>? Changes = null
)
{
    /// <summary>The text that a field was changed to.</summary>
    public string? NewTextOf(string field) => Changes![field].To.GetString();
}

/// <summary>A field before and after. Null is <see cref="JsonValueKind.Null"/>.</summary>
internal sealed record ChangeResult(JsonElement From, JsonElement To);

internal sealed record ReplayResult(
    string Id,
    string SubscriptionId,
    DateTimeOffset From,
    DateTimeOffset To,
    string Only,
    bool DryRun,
    string State,
    long Matched,
    long Sent,
    DateTimeOffset CreatedAt,
    IReadOnlyList<string>? Events = null,
    DateTimeOffset? EndedAt = null
);

/// <summary>An API key.</summary>
/// <param name="Key">Only in the response that creates the key.</param>
internal sealed record KeyResult(
    string Id,
    string Name,
    string Role,
    DateTimeOffset CreatedAt,
    int? OrganizationId = null,
    DateTimeOffset? ExpiresAt = null,
    DateTimeOffset? LastUsedAt = null,
    string? Key = null
);

internal sealed record PublishResult(IReadOnlyList<string> Ids);

/// <summary>An archived event.</summary>
internal sealed record EventSummaryResult(string Id, string EventName, DateTimeOffset PublishedAt, string? Source = null);

internal sealed record EventTypeResult(
    string Name,
    string Source,
    string Category,
    string Description,
    JsonElement Parameters,
    JsonElement Example,
    JsonElement Schema
);

/// <summary>The payload of an event, as a receiver gets it.</summary>
internal sealed record PayloadResult(string EventName, int OrganizationId, JsonElement Data);

/// <summary>The health of the app.</summary>
/// <param name="Checks">Only for callers with a key, as are the others.</param>
internal sealed record HealthResult(
    string Status,
    IReadOnlyDictionary<string, string>? Checks = null,
    IReadOnlyList<RelayHealthResult>? Relay = null,
    CallerResult? Caller = null
);

internal sealed record CallerResult(string Role, int? OrganizationId = null);

internal sealed record RelayHealthResult(
    string SubscriberId,
    int OrganizationId,
    string State,
    DateTimeOffset? LastSuccessfulPollAt,
    long? LagSeconds,
    ErrorResult? Error = null
);

/// <summary>The requests that the demo's inbox received, newest first.</summary>
internal sealed record InboxResult(string Response, long Total, IReadOnlyList<InboxRequestResult> Requests);

internal sealed record InboxRequestResult(
    long Number,
    DateTimeOffset ReceivedAt,
    IReadOnlyList<InboxHeaderResult> Headers,
    string Body,
    bool IsTokenValid,
    int Status,
    int Count,
    string? SignatureError = null
)
{
    public string? HeaderOf(string name) =>
        Headers.SingleOrDefault(header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase))?.Value;
}

internal sealed record InboxHeaderResult(string Name, string Value);

/// <summary>A problem detail (RFC 9457).</summary>
/// <param name="Ids">Only if a publish request can be repeated with them.</param>
internal sealed record ProblemResult(
    string Type,
    string Title,
    int Status,
    string Detail,
    IReadOnlyDictionary<string, IReadOnlyList<string>>? Errors = null,
    IReadOnlyList<string>? Ids = null
);
