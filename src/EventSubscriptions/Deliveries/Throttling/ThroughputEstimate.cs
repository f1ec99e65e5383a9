namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>How long a receiver takes for one request, as learned from those before. Not thread-safe.</summary>
internal sealed class ThroughputEstimate
{
    private static readonly TimeSpan s_likely = TimeSpan.FromMilliseconds(50);

    private TimeSpan _whenReached = s_likely;

    /// <summary>A moving average over about 8 requests.</summary>
    public TimeSpan Typical { get; private set; } = s_likely;

    /// <summary>Takes note of a request.</summary>
    /// <param name="duration">How long it took, or null where that tells nothing about the receiver.</param>
    /// <param name="reached">Whether it has reached the receiver.</param>
    /// <param name="isOpen">Whether the breaker is open.</param>
    public void Learn(TimeSpan? duration, Reachability reached, bool isOpen)
    {
        if (duration is { } took)
        {
            Typical += (took - Typical) / 8;
        }

        if (reached == Reachability.Yes)
        {
            _whenReached = Typical;
        }
        else if (isOpen)
        {
            // How long it takes to find out that nobody answers is no measure for the backlog of a receiver that is back.
            Typical = _whenReached;
        }
    }
}
