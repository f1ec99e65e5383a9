namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>The decision of a gate: a pass, or the time until which to postpone the message.</summary>
internal readonly record struct GateDecision(GatePass? Pass, DateTimeOffset PostponeUntil)
{
    public static GateDecision Enter(GatePass pass) => new(pass, default);

    public static GateDecision Postpone(DateTimeOffset until) => new(null, until);
}

/// <summary>The permission to send one request. Disposing it returns it, whatever happened.</summary>
internal sealed class GatePass(SubscriptionGate gate, BreakerPass breaker) : IDisposable
{
    private int _ended;

    public BreakerPass Breaker { get; } = breaker;

    /// <summary>Reports how the request ended. Only the first call counts.</summary>
    public BreakerChange End(Reachability reached, TimeSpan? duration = null, DateTimeOffset? cooldownUntil = null) =>
        Interlocked.Exchange(ref _ended, 1) == 0 ? gate.Leave(Breaker, reached, duration, cooldownUntil) : BreakerChange.None;

    /// <summary>The request was not sent, or cancelled by us.</summary>
    public void Dispose() => End(Reachability.Unknown);
}
