namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>Decides until when messages of one subscription are postponed. Not thread-safe; all times are passed in.</summary>
/// <remarks>
/// If the end of an outage is unknown, a message is postponed for as long as the outage has lasted, at most 15 min. So the number of times
/// it is touched grows with the logarithm of the outage, and after the outage it arrives within as long again.
/// </remarks>
internal sealed class DeferralPolicy(TimeSpan probeInterval)
{
    /// <summary>Messages postponed because of a stall are spread over this multiple of its duration.</summary>
    private const int StallHorizon = 4;

    /// <summary>The back-off doubles with each postponement, up to 5 s.</summary>
    private const int MaxDoublings = 9;

    private static readonly TimeSpan s_firstBackOff = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_probePause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_maxCooldownDeferral = TimeSpan.FromHours(1);

    private readonly DeferralSchedule _line = new();
    private DateTimeOffset _probeSlot;

    /// <summary>Whether postponed messages are still to come.</summary>
    public bool IsPending(DateTimeOffset now) => _line.IsPending(now);

    /// <summary>Starts anew. Postponed messages stay postponed.</summary>
    public void Clear()
    {
        _probeSlot = default;
        _line.Clear();
    }

    /// <summary>For a message behind an open breaker. A few return early, one for each probe.</summary>
    public DateTimeOffset UntilReached(DateTimeOffset now, CircuitBreaker breaker, TimeSpan interval)
    {
        var from = AsLongAgain(now, breaker.OpenSince!.Value, atLeastUntil: breaker.ProbeAt);
        var probe = Later(_probeSlot, Later(breaker.ProbeAt, now + s_probePause));
        if (probe > from)
        {
            return _line.Next(from, interval, DeferralSchedule.Horizon);
        }

        _probeSlot = probe + probeInterval;
        return probe;
    }

    /// <summary>
    /// For a message to a receiver that cools down: for an hour at most, because a change of the subscription ends its cooldown.
    /// </summary>
    public DateTimeOffset UntilCooledDown(
        DateTimeOffset now,
        DateTimeOffset coolingDownSince,
        DateTimeOffset cooldownUntil,
        TimeSpan interval
    ) =>
        _line.Next(
            AsLongAgain(now, coolingDownSince, atLeastUntil: Earlier(cooldownUntil, now + s_maxCooldownDeferral)),
            interval,
            DeferralSchedule.Horizon
        );

    /// <summary>For a message that exceeds a limit.</summary>
    /// <param name="postponements">How often the message was postponed before.</param>
    /// <param name="stall">How long nothing has ended while nothing more may be sent.</param>
    /// <param name="rateWait">The time until the rate limit allows another request.</param>
    /// <param name="typicalDuration">The typical duration of a request.</param>
    /// <param name="interval">The time between two requests.</param>
    public DateTimeOffset UntilFree(
        DateTimeOffset now,
        int postponements,
        TimeSpan stall,
        TimeSpan rateWait,
        TimeSpan typicalDuration,
        TimeSpan interval
    )
    {
        // During a stall the interval is a guess: it must not spread a backlog over much more time than the stall has lasted.
        var horizon = stall > typicalDuration ? StallHorizon * stall : DeferralSchedule.Horizon;
        var slot = _line.Next(AsLongAgain(now, now - stall, atLeastUntil: now + rateWait), interval, horizon);

        return NotBefore(slot, now, postponements);
    }

    /// <summary>A message that is postponed repeatedly because this host is overloaded must not add to the load.</summary>
    public static DateTimeOffset NotBefore(DateTimeOffset slot, DateTimeOffset now, int postponements) =>
        Later(slot, now + (s_firstBackOff * (1 << Math.Min(postponements, MaxDoublings))));

    private static DateTimeOffset AsLongAgain(DateTimeOffset now, DateTimeOffset since, DateTimeOffset atLeastUntil)
    {
        var age = now - since;
        return Later(now + (age < DeferralSchedule.Horizon ? age : DeferralSchedule.Horizon), atLeastUntil);
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
