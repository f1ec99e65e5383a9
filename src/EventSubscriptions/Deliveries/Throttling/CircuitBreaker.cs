namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// Stops requests to a receiver that can't be reached: opens after 5 failures in a row, lets one probe through now and then, closes when a probe
/// reaches the receiver. Not thread-safe; knows no clock but what it is told.
/// </summary>
/// <param name="probeInterval">From the opening to the first probe, and from the start of a probe to the next.</param>
internal sealed class CircuitBreaker(TimeSpan probeInterval)
{
    public const int FailuresToOpen = 5;

    private int _failures;
    private int _period;
    private bool _probing;

    /// <summary>Since when it is open, or null while it is closed.</summary>
    public DateTimeOffset? OpenSince { get; private set; }

    /// <summary>From when on a probe may pass, where it is open.</summary>
    public DateTimeOffset ProbeAt { get; private set; }

    /// <summary>Whether there is nothing to remember.</summary>
    public bool IsIdle => OpenSince is null && _failures == 0;

    /// <summary>Whether a request may be sent now.</summary>
    public bool Allows(DateTimeOffset now) => OpenSince is null || (!_probing && now >= ProbeAt);

    /// <summary>Lets a request through that <see cref="Allows"/> allows. Its outcome must be reported.</summary>
    public BreakerPass Pass(DateTimeOffset now)
    {
        if (OpenSince is null)
        {
            return new BreakerPass(_period, IsProbe: false);
        }

        _probing = true;
        ProbeAt = now + probeInterval;
        return new BreakerPass(_period, IsProbe: true);
    }

    /// <summary>Takes note of how a request ended. What was sent before the last change says nothing about the time since.</summary>
    public BreakerChange Report(BreakerPass pass, Reachability reached, DateTimeOffset now)
    {
        if (pass.Period != _period)
        {
            return BreakerChange.None;
        }

        if (pass.IsProbe)
        {
            _probing = false;
            ProbeAt = reached == Reachability.Unknown ? now : ProbeAt;
            return reached == Reachability.Yes ? Close() : BreakerChange.None;
        }

        _failures = reached switch
        {
            Reachability.Yes => 0,
            Reachability.No => _failures + 1,
            _ => _failures,
        };
        return _failures < FailuresToOpen ? BreakerChange.None : Open(now);
    }

    /// <summary>Forgets what is known of a receiver that was changed.</summary>
    public BreakerChange Reset()
    {
        if (OpenSince is not null)
        {
            return Close();
        }

        _failures = 0;
        _period++;
        return BreakerChange.None;
    }

    private BreakerChange Open(DateTimeOffset now)
    {
        OpenSince = now;
        ProbeAt = now + probeInterval;
        _probing = false;
        _period++;
        return BreakerChange.Opened;
    }

    private BreakerChange Close()
    {
        OpenSince = null;
        _failures = 0;
        _probing = false;
        _period++;
        return BreakerChange.Closed;
    }
}

/// <summary>The right to send one request.</summary>
/// <param name="Period">Between which changes of the breaker it was given.</param>
/// <param name="IsProbe">Whether it decides about an open breaker.</param>
internal readonly record struct BreakerPass(int Period, bool IsProbe);

/// <summary>Whether a request has reached its receiver.</summary>
internal enum Reachability
{
    /// <summary>It was not sent, or broken off by us.</summary>
    Unknown,

    Yes,

    /// <summary>No address, no connection, no TLS, or no answer in time.</summary>
    No,
}

/// <summary>What a report has changed.</summary>
internal enum BreakerChange
{
    None,
    Opened,
    Closed,
}
