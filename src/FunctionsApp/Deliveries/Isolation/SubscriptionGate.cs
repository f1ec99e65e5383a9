namespace EventSubscriptions.Deliveries.Isolation;

/// <summary>
/// Decides when requests may be sent to one subscription: its breaker is closed, its receiver isn't resting, and neither too many requests
/// are under way nor too many were sent. A message that can't be sent at once waits here where its turn comes within a moment, and is
/// held until a slot of its own otherwise. Thread-safe; does nothing but count.
/// </summary>
/// <remarks>
/// Where it isn't known when the trouble ends, a message is held for as long again as the trouble has lasted, at most 15 min: so often it is touched
/// as the time since doubles, and when the trouble is over it comes after at most as long again.
/// </remarks>
internal sealed class SubscriptionGate(DeliveriesOptions options, TimeProvider time)
{
    /// <summary>How long a message is expected to wait here at most. An invocation waits with it, so that it must be short; the way through the queue costs more than these moments.</summary>
    public static readonly TimeSpan MaxExpectedWait = TimeSpan.FromMilliseconds(250);

    /// <summary>When a message that has waited in vain is held after all.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromMilliseconds(400);

    /// <summary>How many messages of one subscription wait here: fewer than the invocations that a host runs at once.</summary>
    public const int MaxWaiting = 96;

    /// <summary>Over how many times the duration of a stall those are spread that are held because of it.</summary>
    private const int StallHorizon = 4;

    /// <summary>The back-off of one that is held for the first time doubles with each time, up to 5 s.</summary>
    private const int MaxDoublings = 9;

    private static readonly TimeSpan s_firstBackOff = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_likelyDuration = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_probePause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiting = new();
    private readonly CircuitBreaker _breaker = new(options.ProbeInterval);
    private readonly RateLimit _rate = new();
    private readonly SlotLine _line = new();

    private int _inFlight;
    private TimeSpan _typicalDuration = s_likelyDuration;
    private TimeSpan _durationWhenReached = s_likelyDuration;
    private TimeSpan _spacing;
    private DateTimeOffset _progressAt;
    private DateTimeOffset _usedAt;
    private DateTimeOffset _restUntil;
    private DateTimeOffset? _restingSince;
    private DateTimeOffset _probeSlot;
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

    /// <summary>Tells the gate how the subscription is now. A change of it ends what was known of its receiver.</summary>
    /// <param name="version">When it was last changed.</param>
    /// <param name="rateLimitPerSecond">Its limit, or null.</param>
    /// <param name="restUntil">Until when its receiver rests, as far as others know.</param>
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
                    _line.Clear();
                }

                _version = version;
            }

            if (version == _version)
            {
                _spacing = rateLimitPerSecond is { } limit ? TimeSpan.FromSeconds(1) / limit : TimeSpan.Zero;
                Rest(restUntil, time.GetUtcNow());
            }

            return change;
        }
    }

    /// <summary>Asks to send one request; null where the gate is no longer in use and another must be asked.</summary>
    /// <param name="holds">How often the message was held before. One that comes from a slot goes before those that come for the first time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<Admission>? EnterAsync(int holds, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_retired)
            {
                return null;
            }

            var now = _usedAt = time.GetUtcNow();
            Serve(now);
            if (HeldUntil(now) is { } slot)
            {
                return new(Admission.Hold(slot));
            }

            var isHeld = holds > 0;
            var waitsInLine = _spacing > TimeSpan.Zero && !isHeld && _line.IsPending(now);
            if (_waiting.Count == 0 && !waitsInLine && IsFree(now))
            {
                return new(Enter(now));
            }

            var longest = !isHeld && _line.IsPending(now) ? MaxExpectedWait / 2 : MaxExpectedWait;
            if (waitsInLine || _waiting.Count >= MaxWaiting || ExpectedWait(now) > longest)
            {
                return new(Admission.Hold(NextSlot(now, holds)));
            }

            var waiter = new Waiter(holds, now + MaxWait, cancellationToken);
            _waiting.AddLast(waiter);
            SetTimer(now);
            return new(waiter.Task);
        }
    }

    /// <summary>Ends a request. Every admission that entered must end here, once.</summary>
    internal BreakerChange Leave(BreakerPass pass, Reached reached, TimeSpan? duration, DateTimeOffset? restUntil)
    {
        lock (_lock)
        {
            var now = _usedAt = _progressAt = time.GetUtcNow();
            _inFlight--;
            var change = _breaker.Report(pass, reached, now);
            Learn(duration, reached);
            if (change != BreakerChange.None)
            {
                _probeSlot = default;
                _line.Clear();
            }

            if (reached == Reached.Yes && restUntil is null && _restingSince is not null && now >= _restUntil)
            {
                EndRest();
                _line.Clear();
            }

            Rest(restUntil, now);
            Serve(now);
            return change;
        }
    }

    /// <summary>Retires the gate if nobody is in it, and it hasn't been used for some time or knows nothing that a new one wouldn't.</summary>
    public bool TryRetire(TimeSpan unusedFor)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var knows = !_breaker.IsIdle || now < _restUntil + SlotLine.Horizon || _line.IsPending(now) || now < _rate.FreeAt;
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
        if (!_breaker.Allows(now))
        {
            var from = AsLongAgain(now, _breaker.OpenSince!.Value, atLeastUntil: _breaker.ProbeAt);

            // A few come earlier, one for each probe.
            var probe = Later(_probeSlot, Later(_breaker.ProbeAt, now + s_probePause));
            if (probe <= from)
            {
                _probeSlot = probe + options.ProbeInterval;
                return probe;
            }

            return _line.Next(from, Interval(now), SlotLine.Horizon);
        }

        return now < _restUntil ? _line.Next(AsLongAgain(now, _restingSince ?? now, atLeastUntil: _restUntil), Interval(now), SlotLine.Horizon) : null;
    }

    private DateTimeOffset NextSlot(DateTimeOffset now, int holds)
    {
        // Where nothing moves, the pace is a guess: it must not spread a backlog over much more time than the stall has lasted.
        var stall = Stall(now);
        var slot = _line.Next(
            AsLongAgain(now, now - stall, atLeastUntil: now + RateWait(now)), Interval(now), stall > _typicalDuration ? StallHorizon * stall : SlotLine.Horizon);

        // One that is held time and again, since this host has more to do than it can, must not add to that.
        return Later(slot, now + (s_firstBackOff * (1 << Math.Min(holds, MaxDoublings))));
    }

    private static DateTimeOffset AsLongAgain(DateTimeOffset now, DateTimeOffset since, DateTimeOffset atLeastUntil)
    {
        var age = now - since;
        return Later(now + (age < SlotLine.Horizon ? age : SlotLine.Horizon), atLeastUntil);
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private bool IsFree(DateTimeOffset now) => _breaker.Allows(now) && now >= _restUntil && _inFlight < options.MaxInFlightPerSubscription && (_spacing == TimeSpan.Zero || now >= _rate.FreeAt);

    private Admission Enter(DateTimeOffset now)
    {
        _inFlight++;
        _progressAt = now;
        _rate.Take(now, _spacing);
        return Admission.Enter(new GatePass(this, _breaker.Pass(now)));
    }

    /// <summary>Lets those in whose turn it is, and sends those away who have waited in vain.</summary>
    private void Serve(DateTimeOffset now)
    {
        while (_waiting.First is { Value: var waiter })
        {
            if (waiter.IsOver)
            {
                _waiting.RemoveFirst();
            }
            else if (IsFree(now))
            {
                _waiting.RemoveFirst();
                waiter.Complete(Enter, Withdraw, now);
            }
            else if (HeldUntilOrExpired(waiter, now) is { } slot)
            {
                _waiting.RemoveFirst();
                waiter.Complete(_ => Admission.Hold(slot), static _ => { }, now);
            }
            else
            {
                SetTimer(now);
                return;
            }
        }
    }

    private DateTimeOffset? HeldUntilOrExpired(Waiter waiter, DateTimeOffset now) =>
        HeldUntil(now) ?? (now >= waiter.Until ? NextSlot(now, waiter.Holds) : null);

    /// <summary>Takes an admission back that nobody waits for any more.</summary>
    private void Withdraw(Admission admission)
    {
        _inFlight--;
        _breaker.Report(admission.Pass!.Breaker, Reached.Unknown, time.GetUtcNow());
    }

    private void SetTimer(DateTimeOffset now)
    {
        var first = _waiting.First!.Value;
        var due = _spacing > TimeSpan.Zero && _inFlight < options.MaxInFlightPerSubscription && _rate.FreeAt < first.Until ? _rate.FreeAt : first.Until;
        var wait = due > now ? due - now : TimeSpan.FromMilliseconds(1);
        _timer ??= time.CreateTimer(static gate => ((SubscriptionGate)gate!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            Serve(time.GetUtcNow());
        }
    }

    private TimeSpan ExpectedWait(DateTimeOffset now)
    {
        var (turn, rate) = (Duration(now) / options.MaxInFlightPerSubscription * (_waiting.Count + 1), RateWait(now));
        return turn > rate ? turn : rate;
    }

    /// <summary>When the rate limit lets the next message go that is not yet here.</summary>
    private TimeSpan RateWait(DateTimeOffset now) =>
        _spacing > TimeSpan.Zero && _rate.FreeAt > now ? _rate.FreeAt - now + (_spacing * _waiting.Count) : _spacing * _waiting.Count;

    /// <summary>The time between two requests that the receiver can take.</summary>
    private TimeSpan Interval(DateTimeOffset now)
    {
        var interval = Duration(now) / options.MaxInFlightPerSubscription;
        return interval > _spacing ? interval : _spacing;
    }

    private TimeSpan Duration(DateTimeOffset now) => Stall(now) is var stall && stall > _typicalDuration ? stall : _typicalDuration;

    /// <summary>For how long nothing has moved while nothing more may be sent: then a receiver is slower than it was.</summary>
    private TimeSpan Stall(DateTimeOffset now) => _inFlight >= options.MaxInFlightPerSubscription ? now - _progressAt : TimeSpan.Zero;

    private void Learn(TimeSpan? duration, Reached reached)
    {
        if (duration is { } took)
        {
            _typicalDuration += (took - _typicalDuration) / 8;
        }

        if (reached == Reached.Yes)
        {
            _durationWhenReached = _typicalDuration;
        }
        else if (_breaker.OpenSince is not null)
        {
            // How long it takes to find out that nobody answers is no measure for the backlog of a receiver that is back.
            _typicalDuration = _durationWhenReached;
        }
    }

    private void Rest(DateTimeOffset? until, DateTimeOffset now)
    {
        if (until > now && until > _restUntil)
        {
            _restUntil = until.Value;
            _restingSince ??= now;
        }
    }

    private void EndRest()
    {
        _restUntil = default;
        _restingSince = null;
    }

    /// <summary>A message whose turn comes within a moment.</summary>
    private sealed class Waiter
    {
        private readonly TaskCompletionSource<Admission> _admission = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly CancellationTokenRegistration _cancellation;

        public Waiter(int holds, DateTimeOffset until, CancellationToken cancellationToken)
        {
            Holds = holds;
            Until = until;
            _cancellation = cancellationToken.UnsafeRegister(static (waiter, token) => ((Waiter)waiter!)._admission.TrySetCanceled(token), this);
        }

        public int Holds { get; }

        public DateTimeOffset Until { get; }

        public bool IsOver => _admission.Task.IsCompleted;

        public Task<Admission> Task => _admission.Task;

        public void Complete(Func<DateTimeOffset, Admission> admit, Action<Admission> withdraw, DateTimeOffset now)
        {
            _cancellation.Unregister();
            var admission = admit(now);
            if (!_admission.TrySetResult(admission))
            {
                withdraw(admission);
            }
        }
    }
}
