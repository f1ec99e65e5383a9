namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// Divides the invocations that a host runs at once among the subscriptions, so that those whose receivers take their time never have all of
/// them. While half are free, each may have what its own limit allows; beyond that, the less the fewer are left. So a few busy receivers
/// are served in full, and the first request of any other finds room however many of them hang. Before that, <see cref="OrganizationBudget"/>
/// divides them among organizations. Thread-safe.
/// </summary>
/// <param name="invocations">How many there are.</param>
internal sealed class ConcurrencyBudget(int invocations)
{
    private int _inFlight;
    private int _waiting;

    /// <summary>How many run no request.</summary>
    public int Free => invocations - Volatile.Read(ref _inFlight);

    /// <summary>How many run no request, and have no message waiting in them.</summary>
    public int Idle => Free - Volatile.Read(ref _waiting);

    /// <summary>Whether an open breaker may probe: those that can't be reached have half of the invocations at most.</summary>
    public bool AllowsProbe => 2 * Volatile.Read(ref _inFlight) < invocations;

    /// <summary>How many requests of one subscription may be under way now.</summary>
    /// <param name="most">Its own limit.</param>
    public int InFlight(int most) => Math.Max(1, Of(most, invocations, Free));

    /// <summary>How many messages of one subscription may wait for their turn within an invocation now.</summary>
    /// <param name="most">Its own limit.</param>
    public int Waiting(int most) => Of(most, invocations, Idle);

    /// <summary>A request begins.</summary>
    public void Enter() => Interlocked.Increment(ref _inFlight);

    /// <summary>A request has ended.</summary>
    public void Leave() => Interlocked.Decrement(ref _inFlight);

    /// <summary>A message begins to wait.</summary>
    public void Wait() => Interlocked.Increment(ref _waiting);

    /// <summary>A message has waited.</summary>
    public void EndWait() => Interlocked.Decrement(ref _waiting);

    /// <summary>The part of a limit that is allowed while so many invocations are free: all of it while half are, none when none is.</summary>
    internal static int Of(int most, int invocations, int free) => (int)Math.Clamp(2L * free * most / invocations, 0, most);
}
