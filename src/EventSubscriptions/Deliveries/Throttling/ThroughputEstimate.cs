namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>Estimates how long a receiver takes for one request. Not thread-safe.</summary>
internal sealed class ThroughputEstimate
{
    private static readonly TimeSpan s_likely = TimeSpan.FromMilliseconds(50);

    private TimeSpan _whenReached = s_likely;

    /// <summary>A moving average over about 8 requests.</summary>
    public TimeSpan Typical { get; private set; } = s_likely;

    /// <summary>Updates the estimate with a request.</summary>
    /// <param name="duration">How long it took, or null if that says nothing about the receiver.</param>
    /// <param name="reached">Whether it reached the receiver.</param>
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
            // The time to find out that a receiver is unreachable is no measure of its throughput once it is back.
            Typical = _whenReached;
        }
    }
}
