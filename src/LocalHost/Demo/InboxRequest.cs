namespace LocalHost.Demo;

/// <summary>A request that the inbox received, as its page shows it.</summary>
internal sealed record InboxRequest
{
    /// <summary>From 1, in the order of arrival.</summary>
    public required long Number { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>Unchanged, except that only the end of the token is shown.</summary>
    public required IReadOnlyList<InboxHeader> Headers { get; init; }

    /// <summary>Indented if it is JSON, otherwise unchanged.</summary>
    public required string Body { get; init; }

    /// <summary>Why the signature is not valid, or null if it is.</summary>
    public string? SignatureError { get; init; }

    /// <summary>Whether the token is that of the subscription.</summary>
    public bool IsTokenValid { get; init; }

    /// <summary>The status of the response.</summary>
    public int Status { get; init; }

    /// <summary>How often the same event was received, including this time.</summary>
    public int Count { get; init; }
}

internal sealed record InboxHeader(string Name, string Value);
