namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>Decides until when messages of one subscription are held. Not thread-safe; knows no clock but what it is told.</summary>
/// <remarks>
/// Where it isn't known when the trouble ends, a message is held for as long again as the trouble has lasted, at most 15 min: so often it is touched
/// as the time since doubles, and when the trouble is over it comes after at most as long again.
/// </remarks>
internal sealed class DeferralPolicy(TimeSpan probeInterval)
{
    /// <summary>Over how many times the duration of a stall those are spread that are held because of it.</summary>
    private const int StallHorizon = 4;

    /// <summary>The back-off of one that is held for the first time doubles with each time, up to 5 s.</summary>
    private const int MaxDoublings = 9;

    private static readonly TimeSpan s_firstBackOff = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_probePause = TimeSpan.FromSeconds(1);

    private readonly DeferralSchedule _line = new();
    private DateTimeOffset _probeSlot;

    /// <summary>Whether messages are held that are still to come.</summary>
    public bool IsPending(DateTimeOffset now) => _line.IsPending(now);

    /// <summary>Starts anew. Whoever is held stays held.</summary>
    public void Clear()
    {
        _probeSlot = default;
        _line.Clear();
    }

    /// <summary>For a message behind an open breaker. A few come early, one for each probe.</summary>
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

    /// <summary>For a message to a receiver that rests.</summary>
    public DateTimeOffset UntilRested(DateTimeOffset now, DateTimeOffset restingSince, DateTimeOffset restUntil, TimeSpan interval) =>
        _line.Next(AsLongAgain(now, restingSince, atLeastUntil: restUntil), interval, DeferralSchedule.Horizon);

    /// <summary>For a message that finds no room.</summary>
    /// <param name="now">The present.</param>
    /// <param name="holds">How often it was held before.</param>
    /// <param name="stall">For how long nothing has moved, while nothing more may be sent.</param>
    /// <param name="rateWait">When the rate limit allows another request.</param>
    /// <param name="pace">How long the receiver takes for one request.</param>
    /// <param name="interval">The time between two requests.</param>
    public DateTimeOffset UntilFree(DateTimeOffset now, int holds, TimeSpan stall, TimeSpan rateWait, TimeSpan pace, TimeSpan interval)
    {
        // Where nothing moves, the interval is a guess: it must not spread a backlog over much more time than the stall has lasted.
        var horizon = stall > pace ? StallHorizon * stall : DeferralSchedule.Horizon;
        var slot = _line.Next(AsLongAgain(now, now - stall, atLeastUntil: now + rateWait), interval, horizon);

        return NotBefore(slot, now, holds);
    }

    /// <summary>One that is held time and again, since this host has more to do than it can, must not add to that.</summary>
    public static DateTimeOffset NotBefore(DateTimeOffset slot, DateTimeOffset now, int holds) =>
        Later(slot, now + (s_firstBackOff * (1 << Math.Min(holds, MaxDoublings))));

    private static DateTimeOffset AsLongAgain(DateTimeOffset now, DateTimeOffset since, DateTimeOffset atLeastUntil)
    {
        var age = now - since;
        return Later(now + (age < DeferralSchedule.Horizon ? age : DeferralSchedule.Horizon), atLeastUntil);
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
