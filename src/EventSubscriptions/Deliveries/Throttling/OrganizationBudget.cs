namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// One organization's part of the invocations that a host runs at once. It may have as many as are free three times over: alone, three
/// quarters of them; of two, each three sevenths; and the first request of any other organization finds room, however many subscriptions
/// of others hang. Thread-safe.
/// </summary>
internal sealed class OrganizationBudget(ConcurrencyBudget all)
{
    private const int Weight = 3;

    /// <summary>How far ahead slots are given, so that a backlog soon notices that there is more room.</summary>
    private static readonly TimeSpan s_horizon = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly DeferralSchedule _line = new();
    private TimeSpan _typical = TimeSpan.FromMilliseconds(50);
    private DateTimeOffset _progressAt;
    private int _inFlight;
    private int _waiting;

    /// <summary>The invocations of all organizations.</summary>
    public ConcurrencyBudget All => all;

    /// <summary>Whether another request may begin.</summary>
    public bool HasRoom => Volatile.Read(ref _inFlight) < Math.Max(1, Weight * all.Free);

    /// <summary>Whether another message may wait for its turn within an invocation.</summary>
    public bool HasRoomToWait => Volatile.Read(ref _inFlight) + Volatile.Read(ref _waiting) < Weight * all.Idle;

    /// <summary>A request begins.</summary>
    public void Enter(DateTimeOffset now)
    {
        all.Enter();
        lock (_lock)
        {
            _inFlight++;
            _progressAt = now;
        }
    }

    /// <summary>A request has ended.</summary>
    /// <param name="now">The present.</param>
    /// <param name="duration">How long it took, or null where that tells nothing.</param>
    public void Leave(DateTimeOffset now, TimeSpan? duration)
    {
        all.Leave();
        lock (_lock)
        {
            _inFlight--;
            _progressAt = now;
            _typical += ((duration ?? _typical) - _typical) / 16;
        }
    }

    /// <summary>A message begins to wait.</summary>
    public void Wait()
    {
        all.Wait();
        Interlocked.Increment(ref _waiting);
    }

    /// <summary>A message has waited.</summary>
    public void EndWait()
    {
        all.EndWait();
        Interlocked.Decrement(ref _waiting);
    }

    /// <summary>Until when a message is held that finds no room: one after another, at the pace at which the organization's requests end.</summary>
    public DateTimeOffset NextSlot(DateTimeOffset now)
    {
        lock (_lock)
        {
            // There is none where nothing is under way.
            var stall = _inFlight > 0 ? now - _progressAt : TimeSpan.Zero;
            return _line.Next(now, (stall > _typical ? stall : _typical) / Math.Max(1, _inFlight), s_horizon);
        }
    }
}
