using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Isolation;

namespace EventSubscriptions.Tests.Deliveries.Isolation;

public sealed class SubscriptionGateTests
{
    private static readonly TimeSpan s_probeInterval = new DeliveriesOptions().ProbeInterval;
    private static readonly TimeSpan s_ms = TimeSpan.FromMilliseconds(1);

    private readonly InvocationShare _share = new(new DeliveriesOptions().Invocations);
    private readonly ManualTimeProvider _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Request_waits_for_a_moment_when_as_many_as_are_allowed_are_under_way()
    {
        var gate = Gate(maxInFlight: 2);
        var (first, _) = (await Entered(gate), await Entered(gate));

        var third = Enter(gate);
        Assert.False(third.IsCompleted);
        first.End(Reached.Yes, 5 * s_ms);

        Assert.NotNull((await third).Pass);
    }

    [Fact]
    public async Task Message_is_held_when_its_moment_has_passed_in_vain()
    {
        var gate = Gate(maxInFlight: 1);
        await Entered(gate);
        var waiting = Enter(gate);

        _clock.Advance(SubscriptionGate.MaxWait);

        Assert.True((await waiting).HoldUntil > _clock.GetUtcNow());
    }

    [Fact]
    public async Task Message_is_held_at_once_when_nothing_has_moved_for_some_time()
    {
        var gate = Gate(maxInFlight: 1);
        await Entered(gate);
        _clock.Advance(TimeSpan.FromSeconds(1));

        var held = await Enter(gate);

        Assert.InRange(held.HoldUntil - _clock.GetUtcNow(), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task Message_waits_twice_as_long_each_time_that_it_is_held_for_want_of_room_up_to_some_seconds()
    {
        var gate = Gate(maxInFlight: 1);
        await Entered(gate);
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        for (var i = 0; i < SubscriptionGate.MaxWaiting; i++)
        {
            _ = Enter(gate);
        }

        for (var holds = 0; holds < 15; holds++)
        {
            var wait = (await Enter(gate, holds)).HoldUntil - _clock.GetUtcNow();

            Assert.InRange(wait, 10 * s_ms * (1 << Math.Min(holds, 9)), TimeSpan.FromSeconds(6));
        }
    }

    [Fact]
    public async Task Slots_come_one_after_another_behind_an_open_breaker_and_the_first_ones_probe()
    {
        var gate = Gate();
        var opened = _clock.GetUtcNow();
        await Open(gate);

        var slots = new List<DateTimeOffset>();
        for (var i = 0; i < 100; i++)
        {
            slots.Add((await Enter(gate)).HoldUntil);
        }

        Assert.Equal(opened + s_probeInterval, slots[0]);
        Assert.Equal(slots.Order(), slots);
        Assert.Equal(slots.Count, slots.Distinct().Count());
    }

    [Fact]
    public async Task Nobody_queues_behind_old_slots_when_the_breaker_has_closed()
    {
        var gate = Gate();
        await Open(gate);
        for (var i = 0; i < 1000; i++)
        {
            await Enter(gate);
        }

        _clock.Advance(s_probeInterval);
        var probe = await Entered(gate);
        Assert.Null((await Enter(gate)).Pass);
        Assert.Equal(BreakerChange.Closed, probe.End(Reached.Yes, s_ms));

        Assert.NotNull((await Enter(gate, holds: 0)).Pass);
    }

    [Fact]
    public async Task Messages_are_held_until_the_rest_is_over()
    {
        var gate = Gate();
        var until = _clock.GetUtcNow() + TimeSpan.FromMinutes(2);
        (await Entered(gate)).End(Reached.Yes, s_ms, until);

        var held = await Enter(gate);
        Assert.InRange(held.HoldUntil, until, until + TimeSpan.FromSeconds(1));
        _clock.SetUtcNow(held.HoldUntil);

        Assert.NotNull((await Enter(gate, holds: 1)).Pass);
    }

    [Fact]
    public async Task Change_of_the_subscription_ends_its_rest_and_closes_its_breaker()
    {
        var gate = Gate();
        var version = _clock.GetUtcNow();
        gate.Update(version, null, restUntil: version + TimeSpan.FromHours(1));
        Assert.Null((await Enter(gate)).Pass);

        gate.Update(version + s_ms, null, null);
        await Open(gate);

        Assert.Equal(BreakerChange.Closed, gate.Update(version + (2 * s_ms), null, null));
        Assert.NotNull((await Enter(gate)).Pass);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(500)]
    public async Task Rate_limit_is_kept_and_used_when_a_backlog_waits(int limit)
    {
        var gate = Gate();
        gate.Update(_clock.GetUtcNow(), limit, null);
        var count = Math.Min(1000, limit * 20);

        var backlog = await Deliver(gate, count, took: s_ms, _ => Reached.Yes);

        var sent = backlog.SentAt;
        Assert.Equal(count, sent.Count);
        for (int first = 0, last = 0; last < sent.Count; last++)
        {
            for (; sent[last] - sent[first] >= TimeSpan.FromSeconds(1); first++)
            {
            }

            Assert.InRange(last - first + 1, 1, (limit * 1.02) + 1);
        }

        Assert.InRange((sent[^1] - sent[0]).TotalSeconds, 0.9 * (count - 1) / limit, (1.3 * count / limit) + 1);
        Assert.InRange(backlog.MostTouches, 1, 4);
    }

    [Fact]
    public async Task Backlog_of_20_000_is_touched_a_few_times_and_arrives_when_the_breaker_closes()
    {
        var gate = Gate();
        await Open(gate);
        var backAt = _clock.GetUtcNow() + TimeSpan.FromMinutes(47);

        var backlog = await Deliver(gate, 20_000, took: 20 * s_ms, at => at < backAt ? Reached.No : Reached.Yes);

        Assert.Equal(20_000, backlog.SentAt.Count);
        Assert.InRange(backlog.MostTouches, 2, 16);
        Assert.InRange(backlog.SentAt[0], backAt, backAt + s_probeInterval + TimeSpan.FromSeconds(1));
        Assert.InRange(backlog.SentAt[^1], backAt, backAt + (2 * SlotLine.Horizon) + TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Backlog_of_a_receiver_that_has_hung_comes_at_the_pace_that_it_had_before()
    {
        var gate = Gate();
        var backAt = _clock.GetUtcNow() + TimeSpan.FromMinutes(1);

        var backlog = await Deliver(
            gate, 20_000, took: 5 * s_ms, at => at < backAt ? Reached.No : Reached.Yes, tookInVain: TimeSpan.FromSeconds(15));

        Assert.InRange(backlog.MostTouches, 2, 12);
        Assert.InRange(backlog.SentAt[^1000], backAt, backAt + TimeSpan.FromMinutes(4));
    }

    [Fact]
    public async Task Backlog_of_a_receiver_that_hangs_without_end_is_not_circled()
    {
        var gate = Gate(maxInFlight: 16);
        var start = _clock.GetUtcNow();

        var backlog = await Deliver(gate, 2_000, took: TimeSpan.FromSeconds(15), _ => Reached.No, until: start + TimeSpan.FromHours(2));

        Assert.Empty(backlog.SentAt);
        Assert.InRange(backlog.MostTouches, 2, 50);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task No_pass_is_lost_or_given_twice_whatever_happens(int seed)
    {
        const int limit = 3;
        var random = new Random(seed);
        var gate = Gate(limit);
        var passes = new List<GatePass>();
        var waiting = new List<(Task<Admission> Task, CancellationTokenSource Cancellation)>();
        for (var step = 0; step < 5_000; step++)
        {
            switch (random.Next(5))
            {
                case 0 or 1:
                    var cancellation = new CancellationTokenSource();
                    waiting.Add((gate.EnterAsync(random.Next(2), cancellation.Token)!.Value.AsTask(), cancellation));
                    break;
                case 2 when passes.Count > 0:
                    var pass = passes[random.Next(passes.Count)];
                    passes.Remove(pass);
                    if (random.Next(4) > 0)
                    {
                        pass.End((Reached)random.Next(3), random.Next(30) * s_ms, random.Next(50) == 0 ? _clock.GetUtcNow() + (random.Next(2000) * s_ms) : null);
                    }

                    pass.Dispose();
                    break;
                case 3 when waiting.Count > 0:
                    await waiting[random.Next(waiting.Count)].Cancellation.CancelAsync();
                    break;
                default:
                    _clock.Advance(random.Next(random.Next(10) == 0 ? 40_000 : 200) * s_ms);
                    break;
            }

            foreach (var one in waiting.Where(one => one.Task.IsCompleted).ToList())
            {
                waiting.Remove(one);
                one.Cancellation.Dispose();
                if (one.Task.IsCompletedSuccessfully && (await one.Task).Pass is { } entered)
                {
                    passes.Add(entered);
                }
            }

            Assert.InRange(passes.Count, 0, limit);
        }

        passes.ForEach(pass => pass.Dispose());
        _clock.Advance(TimeSpan.FromHours(1));
        foreach (var (task, cancellation) in waiting)
        {
            cancellation.Dispose();
            if (!task.IsCanceled)
            {
                (await task).Pass?.Dispose();
            }
        }

        var probe = await Entered(gate);
        probe.End(Reached.Yes, s_ms);
        for (var i = 0; i < limit; i++)
        {
            await Entered(gate);
        }

        Assert.False(Enter(gate).IsCompleted);
    }

    [Fact]
    public async Task Gate_is_retired_only_when_nobody_is_in_it()
    {
        var gate = Gate();
        var pass = await Entered(gate);
        Assert.False(gate.TryRetire(TimeSpan.Zero));

        pass.End(Reached.Yes, s_ms);

        Assert.True(gate.TryRetire(TimeSpan.FromHours(1)));
        Assert.Null(gate.EnterAsync(holds: 0, default));
    }

    [Fact]
    public async Task Gate_that_knows_something_is_kept_until_it_was_unused_for_some_time()
    {
        var gate = Gate();
        await Open(gate);
        Assert.False(gate.TryRetire(TimeSpan.FromHours(1)));

        _clock.Advance(TimeSpan.FromHours(1));

        Assert.True(gate.TryRetire(TimeSpan.FromHours(1)));
    }

    private SubscriptionGate Gate(int maxInFlight = 16) => new(new DeliveriesOptions { MaxInFlightPerSubscription = maxInFlight }, _share, _clock);

    private static Task<Admission> Enter(SubscriptionGate gate, int holds = 0) => gate.EnterAsync(holds, default)!.Value.AsTask();

    private static async Task<GatePass> Entered(SubscriptionGate gate)
    {
        var admission = gate.EnterAsync(holds: 1, default)!.Value;
        Assert.True(admission.IsCompleted);
        return (await admission).Pass ?? throw new InvalidOperationException("It was held.");
    }

    private static async Task Open(SubscriptionGate gate)
    {
        for (var i = 0; i < CircuitBreaker.FailuresToOpen; i++)
        {
            (await Entered(gate)).End(Reached.No);
        }
    }

    /// <summary>Plays the queue: messages come, are sent or held, and come again, until all have arrived.</summary>
    private async Task<Backlog> Deliver(SubscriptionGate gate, int count, TimeSpan took, Func<DateTimeOffset, Reached> receiver, DateTimeOffset? until = null, TimeSpan? tookInVain = null)
    {
        const int concurrency = 256;
        var due = new PriorityQueue<Message, DateTimeOffset>(Enumerable.Range(0, count).Select(_ => (new Message(), _clock.GetUtcNow())));
        var ending = new PriorityQueue<(GatePass Pass, Message Message, DateTimeOffset SentAt), DateTimeOffset>();
        var waiting = new List<(Task<Admission> Admission, Message Message)>();
        var backlog = new Backlog();
        while (backlog.SentAt.Count < count && !(_clock.GetUtcNow() > until))
        {
            while (waiting.Count + ending.Count < concurrency && due.TryPeek(out var message, out var at) && at <= _clock.GetUtcNow())
            {
                due.Dequeue();
                backlog.MostTouches = Math.Max(backlog.MostTouches, ++message.Touches);
                waiting.Add((Enter(gate, holds: message.Touches - 1), message));
            }

            while (ending.TryPeek(out var sent, out var endsAt) && endsAt <= _clock.GetUtcNow())
            {
                ending.Dequeue();
                var reached = receiver(sent.SentAt);
                sent.Pass.End(reached, reached == Reached.Yes || Took(reached) > TimeSpan.FromSeconds(1) ? Took(reached) : null);
                if (reached == Reached.Yes)
                {
                    backlog.SentAt.Add(sent.SentAt);
                }
                else
                {
                    due.Enqueue(sent.Message, _clock.GetUtcNow() + TimeSpan.FromMinutes(5));
                }
            }

            for (var i = waiting.Count - 1; i >= 0; i--)
            {
                var (task, message) = waiting[i];
                if (!task.IsCompleted)
                {
                    continue;
                }

                waiting.RemoveAt(i);
                var admission = await task;
                if (admission.Pass is { } pass)
                {
                    var now = _clock.GetUtcNow();
                    ending.Enqueue((pass, message, now), now + Took(receiver(now)));
                }
                else
                {
                    Assert.True(admission.HoldUntil > _clock.GetUtcNow());
                    due.Enqueue(message, admission.HoldUntil);
                }
            }

            Advance(due, ending.TryPeek(out _, out var end) ? end : null, waiting.Count, concurrency - ending.Count);
        }

        backlog.SentAt.Sort();
        return backlog;

        TimeSpan Took(Reached reached) => reached == Reached.Yes ? took : tookInVain ?? took;
    }

    private void Advance(PriorityQueue<Message, DateTimeOffset> due, DateTimeOffset? end, int waiting, int concurrency)
    {
        var now = _clock.GetUtcNow();
        var next = waiting > 0 ? now + s_ms : DateTimeOffset.MaxValue;
        if (waiting < concurrency && due.TryPeek(out _, out var at))
        {
            next = at < next ? at : next;
        }

        next = end < next ? end.Value : next;
        _clock.Advance(next > now ? next - now : TimeSpan.Zero);
    }

    private sealed class Message
    {
        public int Touches { get; set; }
    }

    private sealed class Backlog
    {
        public List<DateTimeOffset> SentAt { get; } = [];

        public int MostTouches { get; set; }
    }
}
