namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// Decides when requests may be sent to one subscription: its breaker is closed, its receiver isn't resting, and neither too many requests
/// are under way nor too many were sent. A message that can't be sent at once waits here where its turn comes within a moment, and is
/// held until a slot of its own otherwise. Thread-safe; does nothing but count.
/// </summary>
internal sealed class SubscriptionGate(DeliveriesOptions options, OrganizationBudget organization, MonotonicClock clock)
{
    /// <summary>How long a message is expected to wait here at most. An invocation waits with it, so that it must be short; the way through the queue costs more than these moments.</summary>
    public static readonly TimeSpan MaxExpectedWait = TimeSpan.FromMilliseconds(250);

    /// <summary>When a message that has waited in vain is held after all.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromMilliseconds(400);

    /// <summary>How many messages of one subscription wait here: fewer than the invocations that a host runs at once.</summary>
    public const int MaxWaiting = 96;

    private readonly Lock _lock = new();
    private readonly LinkedList<QueuedCaller> _waiting = new();
    private readonly CircuitBreaker _breaker = new(options.ProbeInterval);
    private readonly RateLimit _rate = new();
    private readonly DeferralPolicy _holds = new(options.ProbeInterval);
    private readonly ThroughputEstimate _pace = new();

    private int _inFlight;
    private TimeSpan _spacing;
    private DateTimeOffset _progressAt;
    private DateTimeOffset _usedAt;
    private DateTimeOffset _restUntil;
    private DateTimeOffset? _restingSince;
    private DateTimeOffset? _storedRest;
    private DateTimeOffset _version;
    private ITimer? _timer;
    private bool _retired;

    /// <summary>Whether the breaker is open.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_lock)
            {
                return _breaker.OpenSince is not null;
            }
        }
    }

    /// <summary>How many requests may be under way now.</summary>
    private int MaxInFlight => organization.All.InFlight(options.MaxInFlightPerSubscription);

    /// <summary>Whether nothing but the number of requests, or their rate, keeps one from being sent.</summary>
    private bool IsReachable(DateTimeOffset now) => _breaker.Allows(now) && (_breaker.OpenSince is null || organization.All.AllowsProbe);

    /// <summary>Tells the gate how the subscription is now. A change of it ends what was known of its receiver.</summary>
    /// <param name="version">When it was last changed.</param>
    /// <param name="rateLimitPerSecond">Its limit, or null.</param>
    /// <param name="restUntil">Until when its receiver rests by the wall clock, as far as others know.</param>
    public BreakerChange Update(DateTimeOffset version, int? rateLimitPerSecond, DateTimeOffset? restUntil)
    {
        lock (_lock)
        {
            var change = BreakerChange.None;
            if (version > _version)
            {
                if (_version != default)
                {
                    change = _breaker.Reset();
                    EndRest();
                    _holds.Clear();
                }

                _version = version;
            }

            if (version == _version)
            {
                _spacing = rateLimitPerSecond is { } limit ? TimeSpan.FromSeconds(1) / limit : TimeSpan.Zero;
                if (restUntil != _storedRest)
                {
                    // Once only: by a clock that was set back, it would last longer each time.
                    _storedRest = restUntil;
                    Rest(restUntil);
                }
            }

            return change;
        }
    }

    /// <summary>Asks to send one request; null where the gate is no longer in use and another must be asked.</summary>
    /// <param name="holds">How often the message was held before. One that comes from a slot goes before those that come for the first time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<GateDecision>? EnterAsync(int holds, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_retired)
            {
                return null;
            }

            var now = _usedAt = clock.Now;
            Serve(now);
            if (HeldUntil(now) is { } slot)
            {
                return new(Hold(slot));
            }

            var isHeld = holds > 0;
            var waitsInLine = _spacing > TimeSpan.Zero && !isHeld && _holds.IsPending(now);
            if (_waiting.Count == 0 && !waitsInLine && IsFree(now))
            {
                return new(Enter(now));
            }

            var longest = !isHeld && _holds.IsPending(now) ? MaxExpectedWait / 2 : MaxExpectedWait;
            if (waitsInLine || _waiting.Count >= organization.All.Waiting(MaxWaiting) || !organization.HasRoomToWait || ExpectedWait(now) > longest)
            {
                return new(Hold(HeldUntilFree(now, holds)));
            }

            var waiter = new QueuedCaller(holds, now + MaxWait, cancellationToken);
            _waiting.AddLast(waiter);
            organization.Wait();
            SetTimer(now);
            return new(waiter.Task);
        }
    }

    /// <summary>Ends a request. Every admission that entered must end here, once. A rest is told by the wall clock.</summary>
    internal BreakerChange Leave(BreakerPass pass, Reachability reached, TimeSpan? duration, DateTimeOffset? restUntil)
    {
        lock (_lock)
        {
            var now = _usedAt = _progressAt = clock.Now;
            EndRequest(now, duration);
            var change = _breaker.Report(pass, reached, now);
            _pace.Learn(duration, reached, isOpen: _breaker.OpenSince is not null);
            if (change != BreakerChange.None)
            {
                _holds.Clear();
            }

            if (reached == Reachability.Yes && restUntil is null && _restingSince is not null && now >= _restUntil)
            {
                EndRest();
                _holds.Clear();
            }

            Rest(restUntil);
            _storedRest = restUntil ?? _storedRest;
            Serve(now);
            return change;
        }
    }

    /// <summary>Retires the gate if nobody is in it, and it hasn't been used for some time or knows nothing that a new one wouldn't.</summary>
    public bool TryRetire(TimeSpan unusedFor)
    {
        lock (_lock)
        {
            var now = clock.Now;
            var knows = !_breaker.IsIdle || now < _restUntil + DeferralSchedule.Horizon || _holds.IsPending(now) || now < _rate.FreeAt;
            if (_inFlight == 0 && _waiting.Count == 0 && (!knows || now - _usedAt >= unusedFor))
            {
                _retired = true;
                _timer?.Dispose();
            }

            return _retired;
        }
    }

    /// <summary>The slot of a message that can't be sent for some time, or null where only its turn must come.</summary>
    private DateTimeOffset? HeldUntil(DateTimeOffset now)
    {
        if (!IsReachable(now))
        {
            return _holds.UntilReached(now, _breaker, Interval(now));
        }

        return now < _restUntil ? _holds.UntilRested(now, _restingSince ?? now, _restUntil, Interval(now)) : null;
    }

    private DateTimeOffset HeldUntilFree(DateTimeOffset now, int holds) => _inFlight < MaxInFlight && !organization.HasRoom
        ? DeferralPolicy.NotBefore(organization.NextSlot(now), now, holds)
        : _holds.UntilFree(now, holds, Stall(now), RateWait(now), _pace.Typical, Interval(now));

    private bool IsFree(DateTimeOffset now) =>
        IsReachable(now) && now >= _restUntil && _inFlight < MaxInFlight && organization.HasRoom && (_spacing == TimeSpan.Zero || now >= _rate.FreeAt);

    private GateDecision Hold(DateTimeOffset slot) => GateDecision.Hold(clock.ToWall(slot));

    private GateDecision Enter(DateTimeOffset now)
    {
        _inFlight++;
        organization.Enter(now);
        _progressAt = now;
        _rate.Take(now, _spacing);
        return GateDecision.Enter(new GatePass(this, _breaker.Pass(now)));
    }

    private void EndRequest(DateTimeOffset now, TimeSpan? duration)
    {
        _inFlight--;
        organization.Leave(now, duration);
    }

    /// <summary>Lets those in whose turn it is, and sends those away who have waited in vain.</summary>
    private void Serve(DateTimeOffset now)
    {
        while (_waiting.First is { Value: var waiter })
        {
            if (waiter.IsOver)
            {
                EndWait();
            }
            else if (IsFree(now))
            {
                EndWait();
                waiter.Complete(Enter, Withdraw, now);
            }
            else if (HeldUntilOrExpired(waiter, now) is { } slot)
            {
                EndWait();
                waiter.Complete(_ => Hold(slot), static _ => { }, now);
            }
            else
            {
                SetTimer(now);
                return;
            }
        }
    }

    private void EndWait()
    {
        _waiting.RemoveFirst();
        organization.EndWait();
    }

    private DateTimeOffset? HeldUntilOrExpired(QueuedCaller waiter, DateTimeOffset now) =>
        HeldUntil(now) ?? (now >= waiter.Until ? HeldUntilFree(now, waiter.Deferrals) : null);

    /// <summary>Takes an admission back that nobody waits for any more.</summary>
    private void Withdraw(GateDecision admission)
    {
        EndRequest(clock.Now, duration: null);
        _breaker.Report(admission.Pass!.Breaker, Reachability.Unknown, clock.Now);
    }

    private void SetTimer(DateTimeOffset now)
    {
        var first = _waiting.First!.Value;
        var due = _spacing > TimeSpan.Zero && _inFlight < MaxInFlight && organization.HasRoom && _rate.FreeAt < first.Until ? _rate.FreeAt : first.Until;
        var wait = due > now ? due - now : TimeSpan.FromMilliseconds(1);
        _timer ??= clock.Timers.CreateTimer(static gate => ((SubscriptionGate)gate!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            Serve(clock.Now);
        }
    }

    private TimeSpan ExpectedWait(DateTimeOffset now)
    {
        var (turn, rate) = (Duration(now) / MaxInFlight * (_waiting.Count + 1), RateWait(now));
        return turn > rate ? turn : rate;
    }

    /// <summary>When the rate limit lets the next message go that is not yet here.</summary>
    private TimeSpan RateWait(DateTimeOffset now) =>
        _spacing > TimeSpan.Zero && _rate.FreeAt > now ? _rate.FreeAt - now + (_spacing * _waiting.Count) : _spacing * _waiting.Count;

    /// <summary>The time between two requests that the receiver can take.</summary>
    private TimeSpan Interval(DateTimeOffset now)
    {
        var interval = Duration(now) / MaxInFlight;
        return interval > _spacing ? interval : _spacing;
    }

    private TimeSpan Duration(DateTimeOffset now) => Stall(now) is var stall && stall > _pace.Typical ? stall : _pace.Typical;

    /// <summary>For how long nothing has moved while nothing more may be sent: then a receiver is slower than it was.</summary>
    private TimeSpan Stall(DateTimeOffset now) => _inFlight >= MaxInFlight ? now - _progressAt : TimeSpan.Zero;

    private void Rest(DateTimeOffset? untilWall)
    {
        var now = clock.Now;
        if (untilWall is { } wall && clock.FromWall(wall) is var until && until > now && until > _restUntil)
        {
            _restUntil = until;
            _restingSince ??= now;
        }
    }

    private void EndRest()
    {
        _restUntil = default;
        _restingSince = null;
    }
}
