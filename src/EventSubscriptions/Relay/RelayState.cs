using Azure;

namespace EventSubscriptions.Relay;

/// <summary>How far a subscriber's events are read, and how that goes: the row <c>cursor</c>.</summary>
internal sealed record RelayState
{
    /// <summary>The time of the newest event that the queue has accepted, and never later than the present. Null before the first event.</summary>
    public DateTimeOffset? Cursor { get; init; }

    /// <summary>The end of the last poll that Relay answered, also of one that did not get through all events in its time.</summary>
    public DateTimeOffset? LastSuccessAt { get; init; }

    /// <summary>Whatever became visible at Relay before this has been read. Null before the first poll.</summary>
    public DateTimeOffset? ReadUpTo { get; init; }

    /// <summary>Null where the last poll went well.</summary>
    public RelayFailure? Failure { get; init; }

    /// <summary>Since when polls fail, or did the last time that they failed.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>Since when it is as it is.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>Whether the audit log may not know of the last change yet. It does for sure after the next poll, which writes the same entry again.</summary>
    public bool IsUnaudited { get; init; }

    /// <summary>The latest moment of which events may be missing.</summary>
    public DateTimeOffset? LastGapAt { get; init; }

    /// <summary>Whether events may be missing since Relay's answers are in no order.</summary>
    public bool IsDisordered { get; init; }

    /// <summary>The version of the row; none where there is no row yet.</summary>
    public ETag ETag { get; init; }

    /// <summary>The state after a poll that went well.</summary>
    /// <param name="at">The end of the poll.</param>
    /// <param name="readUpTo">See <see cref="ReadUpTo"/>.</param>
    public RelayState Succeeded(DateTimeOffset at, DateTimeOffset? readUpTo) => this with
    {
        LastSuccessAt = at,
        ReadUpTo = readUpTo,
        Failure = null,
        ChangedAt = Failure is null ? ChangedAt : at,
        IsUnaudited = Failure is not null,
    };

    /// <summary>The state after a poll that failed.</summary>
    public RelayState Failed(DateTimeOffset at, RelayFailure failure)
    {
        var isNews = failure.State != Failure?.State;
        return this with
        {
            Failure = failure,
            FailingSince = Failure is null ? at : FailingSince,
            ChangedAt = isNews ? at : ChangedAt,
            IsUnaudited = isNews,
        };
    }
}
