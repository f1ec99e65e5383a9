namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// Divides the concurrent invocations of a host among subscriptions, so that slow receivers never occupy all of them. While half are free,
/// each subscription may use its own limit; below that, its share shrinks with the number of free ones. So a few busy receivers get all
/// they can use, and the first request of any other finds room however many of them hang. <see cref="OrganizationBudget"/> divides them
/// among organizations before that. Thread-safe.
/// </summary>
/// <param name="invocations">How many there are.</param>
internal sealed class ConcurrencyBudget(int invocations)
{
    private int _inFlight;
    private int _waiting;

    /// <summary>How many run no request.</summary>
    public int Free => invocations - Volatile.Read(ref _inFlight);

    /// <summary>How many run no request and hold no waiting message.</summary>
    public int Idle => Free - Volatile.Read(ref _waiting);

    /// <summary>Whether an open breaker may probe: unreachable receivers get at most half of the invocations.</summary>
    public bool AllowsProbe => 2 * Volatile.Read(ref _inFlight) < invocations;

    /// <summary>How many requests of one subscription may be in flight now.</summary>
    /// <param name="most">Its own limit.</param>
    public int InFlight(int most) => Math.Max(1, Of(most, invocations, Free));

    /// <summary>How many messages of one subscription may wait for their turn within an invocation now.</summary>
    public int Waiting(int most) => Of(most, invocations, Idle);

    /// <summary>A request starts.</summary>
    public void Enter() => Interlocked.Increment(ref _inFlight);

    /// <summary>A request ended.</summary>
    public void Leave() => Interlocked.Decrement(ref _inFlight);

    /// <summary>A message starts to wait.</summary>
    public void Wait() => Interlocked.Increment(ref _waiting);

    /// <summary>A message stopped waiting.</summary>
    public void EndWait() => Interlocked.Decrement(ref _waiting);

    /// <summary>The allowed part of a limit: all of it while half of the invocations are free, none if none is.</summary>
    internal static int Of(int most, int invocations, int free) => (int)Math.Clamp(2L * free * most / invocations, 0, most);
}
