namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>What became of one POST, before anybody has judged it.</summary>
public sealed record DeliveryResult
{
    /// <summary>When it was sent.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>From name resolution to the end of the answer.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The status of the answer, also of one that broke off.</summary>
    public int? StatusCode { get; init; }

    /// <summary>Why there is no complete answer, or null where there is one.</summary>
    public DeliveryError? Error { get; init; }

    /// <summary>Whether the URL itself is forbidden: nothing was sent, and nothing will be until it is changed.</summary>
    public bool IsUrlForbidden { get; init; }

    /// <summary>Where a redirect points, without query and secrets.</summary>
    public string? Location { get; init; }

    /// <summary>The answer's <c>Retry-After</c> as it came.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>At most the first 1 KiB of the answer, with secrets cut out; null where it was empty.</summary>
    public string? ResponseSnippet { get; init; }
}
