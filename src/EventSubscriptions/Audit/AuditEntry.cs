using EventSubscriptions.Http;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Audit;

/// <summary>An entry of the audit log. It never contains a token, a secret or a payload.</summary>
public sealed record AuditEntry
{
    public required AuditType Type { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Null if the entry belongs to no organization.</summary>
    public OrganizationId? OrganizationId { get; init; }

    public SubscriptionId? SubscriptionId { get; init; }

    /// <summary>The URL with the values of its query masked.</summary>
    public string? Url { get; init; }

    public string? EventId { get; init; }

    public string? EventName { get; init; }

    /// <summary>Which attempt, from 1.</summary>
    public int? Attempt { get; init; }

    public int? StatusCode { get; init; }

    public AuditError? Error { get; init; }

    public long? DurationMs { get; init; }

    /// <summary>At most the first 1 KiB of the response, with secrets removed.</summary>
    public string? ResponseSnippet { get; init; }

    /// <summary>The key that made the change; null if the app did.</summary>
    public Actor? Actor { get; init; }

    /// <summary>What changed, by field.</summary>
    public IReadOnlyDictionary<string, AuditChange>? Changes { get; init; }
}

/// <summary>What failed: a kind for programs, a detail for people, and a hint what to do.</summary>
public sealed record AuditError(string Kind, string Detail, string? Hint = null);

/// <summary>A field before and after. Secrets show as <c>***</c>.</summary>
public sealed record AuditChange(object? From, object? To);
