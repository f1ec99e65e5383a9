namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>The raw result of one POST, before <see cref="ResponsePolicy"/> classifies it.</summary>
public sealed record DeliveryResult
{
    /// <summary>When it was sent.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>From name resolution to the end of the response.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The status, even if the response is incomplete.</summary>
    public int? StatusCode { get; init; }

    /// <summary>Why there is no complete response, or null.</summary>
    public DeliveryError? Error { get; init; }

    /// <summary>Whether the URL is not allowed: nothing was sent, and nothing will be until it is changed.</summary>
    public bool IsUrlForbidden { get; init; }

    /// <summary>The target of a redirect, without query and secrets.</summary>
    public string? Location { get; init; }

    /// <summary>The header <c>Retry-After</c>.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>At most the first 1 KiB of the response, with secrets removed; null if it is empty.</summary>
    public string? ResponseSnippet { get; init; }
}
