namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// Stops requests to an unreachable receiver: opens after 5 consecutive failures, lets a probe through from time to time, and closes when a
/// probe reaches the receiver. Not thread-safe; all times are passed in.
/// </summary>
/// <param name="probeInterval">From opening to the first probe, and from the start of a probe to the next.</param>
internal sealed class CircuitBreaker(TimeSpan probeInterval)
{
    public const int FailuresToOpen = 5;

    private int _failures;
    private int _period;
    private bool _probing;

    /// <summary>When it opened, or null if it is closed.</summary>
    public DateTimeOffset? OpenSince { get; private set; }

    /// <summary>When the next probe may pass, if it is open.</summary>
    public DateTimeOffset ProbeAt { get; private set; }

    /// <summary>Whether it has no state to keep.</summary>
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

    /// <summary>Reports how a request ended. Requests sent before the last change of state are ignored.</summary>
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

    /// <summary>Resets it after the receiver was changed.</summary>
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

/// <summary>The permission to send one request.</summary>
/// <param name="Period">Between which changes of state it was given.</param>
/// <param name="IsProbe">Whether it decides about an open breaker.</param>
internal readonly record struct BreakerPass(int Period, bool IsProbe);

/// <summary>Whether a request reached its receiver.</summary>
internal enum Reachability
{
    /// <summary>It was not sent, or cancelled by us.</summary>
    Unknown,

    Yes,

    /// <summary>No address, no connection, no TLS, or no response in time.</summary>
    No,
}

/// <summary>What a report changed.</summary>
internal enum BreakerChange
{
    None,
    Opened,
    Closed,
}
