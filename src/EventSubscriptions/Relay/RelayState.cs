using Azure;

namespace EventSubscriptions.Relay;

/// <summary>The position and the state of a subscriber's polls: the row <c>cursor</c>.</summary>
internal sealed record RelayState
{
    /// <summary>The time of the newest event that the queue has accepted, never in the future. Null before the first event.</summary>
    public DateTimeOffset? Cursor { get; init; }

    /// <summary>The end of the last poll with a response from Relay, even if it did not get through all events in time.</summary>
    public DateTimeOffset? LastSuccessAt { get; init; }

    /// <summary>Everything that became visible at Relay before this has been read. Null before the first poll.</summary>
    public DateTimeOffset? ReadUpTo { get; init; }

    /// <summary>Null if the last poll succeeded.</summary>
    public RelayFailure? Failure { get; init; }

    /// <summary>Since when polls fail, or failed the last time.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>When the state last changed.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>Whether the last change may not be audited yet. The next poll writes the same entry again.</summary>
    public bool IsUnaudited { get; init; }

    /// <summary>The latest moment at which events may be missing.</summary>
    public DateTimeOffset? LastGapAt { get; init; }

    /// <summary>Whether events may be missing because Relay's responses are not ordered.</summary>
    public bool IsDisordered { get; init; }

    /// <summary>The version of the row; none if there is no row yet.</summary>
    public ETag ETag { get; init; }

    /// <summary>The state after a successful poll.</summary>
    /// <param name="at">The end of the poll.</param>
    /// <param name="readUpTo">See <see cref="ReadUpTo"/>.</param>
    public RelayState Succeeded(DateTimeOffset at, DateTimeOffset? readUpTo) =>
        this with
        {
            LastSuccessAt = at,
            ReadUpTo = readUpTo,
            Failure = null,
            ChangedAt = Failure is null ? ChangedAt : at,
            IsUnaudited = Failure is not null,
        };

    /// <summary>The state after a failed poll.</summary>
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
