namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>The answer of a gate: a pass, or the time until which the message is held.</summary>
internal readonly record struct GateDecision(GatePass? Pass, DateTimeOffset HoldUntil)
{
    public static GateDecision Enter(GatePass pass) => new(pass, default);

    public static GateDecision Hold(DateTimeOffset until) => new(null, until);
}

/// <summary>The right to send one request. Disposing it gives it back, whatever has happened.</summary>
internal sealed class GatePass(SubscriptionGate gate, BreakerPass breaker) : IDisposable
{
    private int _ended;

    public BreakerPass Breaker { get; } = breaker;

    /// <summary>Says how the request ended. Only the first time counts.</summary>
    public BreakerChange End(Reachability reached, TimeSpan? duration = null, DateTimeOffset? restUntil = null) =>
        Interlocked.Exchange(ref _ended, 1) == 0 ? gate.Leave(Breaker, reached, duration, restUntil) : BreakerChange.None;

    /// <summary>The request was not sent, or broken off by us.</summary>
    public void Dispose() => End(Reachability.Unknown);
}
