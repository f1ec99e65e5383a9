namespace EventSubscriptions.Deliveries.Throttling;

/// <summary>
/// Decides when requests may be sent to one subscription: its breaker is closed, its receiver is not cooling down, and neither the
/// in-flight limit nor the rate limit is reached. A message whose turn is near waits here; any other is postponed to its own slot.
/// Thread-safe, without I/O.
/// </summary>
internal sealed class SubscriptionGate(DeliveriesOptions options, OrganizationBudget organization, MonotonicClock clock)
{
    /// <summary>
    /// How long a message is expected to wait here at most. Its invocation waits with it, so this is short; postponing costs more than
    /// that.
    /// </summary>
    public static readonly TimeSpan MaxExpectedWait = TimeSpan.FromMilliseconds(250);

    /// <summary>When a message that has waited in vain is postponed after all.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromMilliseconds(400);

    /// <summary>How many messages of one subscription wait here: fewer than the host's concurrent invocations.</summary>
    public const int MaxWaiting = 96;

    private readonly Lock _lock = new();
    private readonly LinkedList<QueuedCaller> _waiting = new();
    private readonly CircuitBreaker _breaker = new(options.ProbeInterval);
    private readonly RateLimit _rate = new();
    private readonly DeferralPolicy _deferrals = new(options.ProbeInterval);
    private readonly ThroughputEstimate _throughput = new();

    private int _inFlight;
    private TimeSpan _spacing;
    private DateTimeOffset _progressAt;
    private DateTimeOffset _usedAt;
    private DateTimeOffset _cooldownUntil;
    private DateTimeOffset? _coolingDownSince;
    private DateTimeOffset? _storedCooldown;
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

    /// <summary>How many requests may be in flight now.</summary>
    private int MaxInFlight => organization.All.InFlight(options.MaxInFlightPerSubscription);

    /// <summary>Whether only the in-flight limit or the rate limit keeps a request from being sent.</summary>
    private bool IsReachable(DateTimeOffset now) => _breaker.Allows(now) && (_breaker.OpenSince is null || organization.All.AllowsProbe);

    /// <summary>Updates the gate to the subscription. A change resets what was learned about its receiver.</summary>
    /// <param name="version">When it was last changed.</param>
    /// <param name="rateLimitPerSecond">Its rate limit, or null.</param>
    /// <param name="cooldownUntil">Until when its receiver cools down by the wall clock, as stored.</param>
    public BreakerChange Update(DateTimeOffset version, int? rateLimitPerSecond, DateTimeOffset? cooldownUntil)
    {
        lock (_lock)
        {
            var change = BreakerChange.None;
            if (version > _version)
            {
                if (_version != default)
                {
                    change = _breaker.Reset();
                    EndCooldown();
                    _deferrals.Clear();
                }

                _version = version;
            }

            if (version == _version)
            {
                _spacing = rateLimitPerSecond is { } limit ? TimeSpan.FromSeconds(1) / limit : TimeSpan.Zero;
                if (cooldownUntil != _storedCooldown)
                {
                    // Once only: with a clock that was set back, it would last longer each time.
                    _storedCooldown = cooldownUntil;
                    Cooldown(cooldownUntil);
                }
            }

            return change;
        }
    }

    /// <summary>Asks to send a request. Returns null if the gate is retired and another must be asked.</summary>
    /// <param name="postponements">How often the message was postponed before. One that returns from its slot goes before new ones.</param>
    public ValueTask<GateDecision>? EnterAsync(int postponements, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_retired)
            {
                return null;
            }

            var now = _usedAt = clock.Now;
            Serve(now);
            if (PostponedUntil(now) is { } slot)
            {
                return new(Postpone(slot));
            }

            var isPostponed = postponements > 0;
            var waitsInLine = _spacing > TimeSpan.Zero && !isPostponed && _deferrals.IsPending(now);
            if (_waiting.Count == 0 && !waitsInLine && IsFree(now))
            {
                return new(Enter(now));
            }

            var longest = !isPostponed && _deferrals.IsPending(now) ? MaxExpectedWait / 2 : MaxExpectedWait;
            if (
                waitsInLine
                || _waiting.Count >= organization.All.Waiting(MaxWaiting)
                || !organization.HasRoomToWait
                || ExpectedWait(now) > longest
            )
            {
                return new(Postpone(PostponedUntilFree(now, postponements)));
            }

            var caller = new QueuedCaller(postponements, now + MaxWait, cancellationToken);
            _waiting.AddLast(caller);
            organization.Wait();
            SetTimer(now);
            return new(caller.Task);
        }
    }

    /// <summary>Ends a request. Each pass must end here once. Cooldowns use the wall clock.</summary>
    internal BreakerChange Leave(BreakerPass pass, Reachability reached, TimeSpan? duration, DateTimeOffset? cooldownUntil)
    {
        lock (_lock)
        {
            var now = _usedAt = _progressAt = clock.Now;
            EndRequest(now, duration);
            var change = _breaker.Report(pass, reached, now);
            _throughput.Learn(duration, reached, isOpen: _breaker.OpenSince is not null);
            if (change != BreakerChange.None)
            {
                _deferrals.Clear();
            }

            if (reached == Reachability.Yes && cooldownUntil is null && _coolingDownSince is not null && now >= _cooldownUntil)
            {
                EndCooldown();
                _deferrals.Clear();
            }

            Cooldown(cooldownUntil);
            _storedCooldown = cooldownUntil ?? _storedCooldown;
            Serve(now);
            return change;
        }
    }

    /// <summary>Retires the gate if it is empty, and is unused for some time or has no state.</summary>
    public bool TryRetire(TimeSpan unusedFor)
    {
        lock (_lock)
        {
            var now = clock.Now;
            var knows =
                !_breaker.IsIdle || now < _cooldownUntil + DeferralSchedule.Horizon || _deferrals.IsPending(now) || now < _rate.FreeAt;
            if (_inFlight == 0 && _waiting.Count == 0 && (!knows || now - _usedAt >= unusedFor))
            {
                _retired = true;
                _timer?.Dispose();
            }

            return _retired;
        }
    }

    /// <summary>The slot of a message that can't be sent soon, or null if it only has to wait for its turn.</summary>
    private DateTimeOffset? PostponedUntil(DateTimeOffset now)
    {
        if (!IsReachable(now))
        {
            return _deferrals.UntilReached(now, _breaker, Interval(now));
        }

        return now < _cooldownUntil ? _deferrals.UntilCooledDown(now, _coolingDownSince ?? now, _cooldownUntil, Interval(now)) : null;
    }

    private DateTimeOffset PostponedUntilFree(DateTimeOffset now, int postponements) =>
        _inFlight < MaxInFlight && !organization.HasRoom
            ? DeferralPolicy.NotBefore(organization.NextSlot(now), now, postponements)
            : _deferrals.UntilFree(now, postponements, Stall(now), RateWait(now), _throughput.Typical, Interval(now));

    private bool IsFree(DateTimeOffset now) =>
        IsReachable(now)
        && now >= _cooldownUntil
        && _inFlight < MaxInFlight
        && organization.HasRoom
        && (_spacing == TimeSpan.Zero || now >= _rate.FreeAt);

    private GateDecision Postpone(DateTimeOffset slot) => GateDecision.Postpone(clock.ToWall(slot));

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

    /// <summary>Admits those whose turn it is, and postpones those that have waited in vain.</summary>
    private void Serve(DateTimeOffset now)
    {
        while (_waiting.First is { Value: var caller })
        {
            if (caller.IsOver)
            {
                EndWait();
            }
            else if (IsFree(now))
            {
                EndWait();
                caller.Complete(Enter, Withdraw, now);
            }
            else if (PostponedUntilOrExpired(caller, now) is { } slot)
            {
                EndWait();
                caller.Complete(_ => Postpone(slot), static _ => { }, now);
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

    private DateTimeOffset? PostponedUntilOrExpired(QueuedCaller caller, DateTimeOffset now) =>
        PostponedUntil(now) ?? (now >= caller.Until ? PostponedUntilFree(now, caller.Postponements) : null);

    /// <summary>Takes back a pass that nobody waits for any more.</summary>
    private void Withdraw(GateDecision decision)
    {
        EndRequest(clock.Now, duration: null);
        _breaker.Report(decision.Pass!.Breaker, Reachability.Unknown, clock.Now);
    }

    private void SetTimer(DateTimeOffset now)
    {
        var first = _waiting.First!.Value;
        var due =
            _spacing > TimeSpan.Zero && _inFlight < MaxInFlight && organization.HasRoom && _rate.FreeAt < first.Until
                ? _rate.FreeAt
                : first.Until;
        var wait = due > now ? due - now : TimeSpan.FromMilliseconds(1);
        _timer ??= clock.Timers.CreateTimer(
            static gate => ((SubscriptionGate)gate!).OnTimer(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
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

    /// <summary>When the rate limit admits the next message that is not here yet.</summary>
    private TimeSpan RateWait(DateTimeOffset now) =>
        _spacing > TimeSpan.Zero && _rate.FreeAt > now ? _rate.FreeAt - now + (_spacing * _waiting.Count) : _spacing * _waiting.Count;

    /// <summary>The time between two requests that the receiver can handle.</summary>
    private TimeSpan Interval(DateTimeOffset now)
    {
        var interval = Duration(now) / MaxInFlight;
        return interval > _spacing ? interval : _spacing;
    }

    private TimeSpan Duration(DateTimeOffset now) => Stall(now) is var stall && stall > _throughput.Typical ? stall : _throughput.Typical;

    /// <summary>How long nothing has ended while nothing more may be sent: then the receiver is slower than before.</summary>
    private TimeSpan Stall(DateTimeOffset now) => _inFlight >= MaxInFlight ? now - _progressAt : TimeSpan.Zero;

    private void Cooldown(DateTimeOffset? untilWall)
    {
        var now = clock.Now;
        if (untilWall is { } wall && clock.FromWall(wall) is var until && until > now && until > _cooldownUntil)
        {
            _cooldownUntil = until;
            _coolingDownSince ??= now;
        }
    }

    private void EndCooldown()
    {
        _cooldownUntil = default;
        _coolingDownSince = null;
    }
}
