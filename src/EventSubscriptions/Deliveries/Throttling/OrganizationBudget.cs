namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// An organization's share of a host's concurrent invocations. It may use three times as many as are free: alone three quarters of all, two
/// organizations three sevenths each. So the first request of any other organization finds room, however many subscriptions of others hang.
/// Thread-safe.
/// </summary>
internal sealed class OrganizationBudget(ConcurrencyBudget all)
{
    private const int Weight = 3;

    /// <summary>How far ahead slots are assigned, so that a backlog soon notices free capacity.</summary>
    private static readonly TimeSpan s_horizon = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly DeferralSchedule _line = new();
    private TimeSpan _typical = TimeSpan.FromMilliseconds(50);
    private DateTimeOffset _progressAt;
    private int _inFlight;
    private int _waiting;

    /// <summary>The budget of all organizations.</summary>
    public ConcurrencyBudget All => all;

    /// <summary>Whether another request may start.</summary>
    public bool HasRoom => Volatile.Read(ref _inFlight) < Math.Max(1, Weight * all.Free);

    /// <summary>Whether another message may wait for its turn within an invocation.</summary>
    public bool HasRoomToWait => Volatile.Read(ref _inFlight) + Volatile.Read(ref _waiting) < Weight * all.Idle;

    /// <summary>A request starts.</summary>
    public void Enter(DateTimeOffset now)
    {
        all.Enter();
        lock (_lock)
        {
            _inFlight++;
            _progressAt = now;
        }
    }

    /// <summary>A request ended.</summary>
    /// <param name="duration">How long it took, or null if that says nothing about the receiver.</param>
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

    /// <summary>A message starts to wait.</summary>
    public void Wait()
    {
        all.Wait();
        Interlocked.Increment(ref _waiting);
    }

    /// <summary>A message stopped waiting.</summary>
    public void EndWait()
    {
        all.EndWait();
        Interlocked.Decrement(ref _waiting);
    }

    /// <summary>
    /// Until when to postpone a message that finds no room: one after another, at the rate at which the organization's requests end.
    /// </summary>
    public DateTimeOffset NextSlot(DateTimeOffset now)
    {
        lock (_lock)
        {
            // There is no stall if nothing is in flight.
            var stall = _inFlight > 0 ? now - _progressAt : TimeSpan.Zero;
            return _line.Next(now, (stall > _typical ? stall : _typical) / Math.Max(1, _inFlight), s_horizon);
        }
    }
}
