using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Throttling;

namespace EventSubscriptions.Tests.Deliveries.Throttling;

public sealed class SubscriptionGateTests : SubscriptionGateFixture
{
    private static readonly TimeSpan s_probeInterval = new DeliveriesOptions().ProbeInterval;

    [Fact]
    public async Task Request_waits_briefly_when_the_in_flight_limit_is_reached()
    {
        var gate = Gate(maxInFlight: 2);
        var (first, _) = (await Entered(gate), await Entered(gate));

        var third = Enter(gate);
        Assert.False(third.IsCompleted);
        first.End(Reachability.Yes, 5 * Ms);

        Assert.NotNull((await third).Pass);
    }

    [Fact]
    public async Task Message_is_deferred_when_its_wait_was_in_vain()
    {
        var gate = Gate(maxInFlight: 1);
        await Entered(gate);
        var waiting = Enter(gate);

        Clock.Advance(SubscriptionGate.MaxWait);

        Assert.True((await waiting).PostponeUntil > Clock.GetUtcNow());
    }

    [Fact]
    public async Task Message_is_deferred_at_once_when_no_request_has_ended_for_some_time()
    {
        var gate = Gate(maxInFlight: 1);
        await Entered(gate);
        Clock.Advance(TimeSpan.FromSeconds(1));

        var held = await Enter(gate);

        Assert.InRange(held.PostponeUntil - Clock.GetUtcNow(), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task Deferral_doubles_up_to_some_seconds_while_there_is_no_room()
    {
        var gate = Gate(maxInFlight: 1);
        await Entered(gate);
        Clock.Advance(TimeSpan.FromMilliseconds(10));
        for (var i = 0; i < SubscriptionGate.MaxWaiting; i++)
        {
            _ = Enter(gate);
        }

        for (var postponements = 0; postponements < 15; postponements++)
        {
            var wait = (await Enter(gate, postponements)).PostponeUntil - Clock.GetUtcNow();

            Assert.InRange(wait, 10 * Ms * (1 << Math.Min(postponements, 9)), TimeSpan.FromSeconds(6));
        }
    }

    [Fact]
    public async Task Messages_are_deferred_to_consecutive_slots_while_the_breaker_is_open()
    {
        var gate = Gate();
        var opened = Clock.GetUtcNow();
        await Open(gate);

        var slots = new List<DateTimeOffset>();
        for (var i = 0; i < 100; i++)
        {
            slots.Add((await Enter(gate)).PostponeUntil);
        }

        Assert.Equal(opened + s_probeInterval, slots[0]);
        Assert.Equal(slots.Order(), slots);
        Assert.Equal(slots.Count, slots.Distinct().Count());
    }

    [Fact]
    public async Task Old_slots_are_dropped_when_the_breaker_closes()
    {
        var gate = Gate();
        await Open(gate);
        for (var i = 0; i < 1000; i++)
        {
            await Enter(gate);
        }

        Clock.Advance(s_probeInterval);
        var probe = await Entered(gate);
        Assert.Null((await Enter(gate)).Pass);
        Assert.Equal(BreakerChange.Closed, probe.End(Reachability.Yes, Ms));

        Assert.NotNull((await Enter(gate, postponements: 0)).Pass);
    }

    [Fact]
    public async Task Messages_are_deferred_until_the_cooldown_ends()
    {
        var gate = Gate();
        var until = Clock.GetUtcNow() + TimeSpan.FromMinutes(2);
        (await Entered(gate)).End(Reachability.Yes, Ms, until);

        var held = await Enter(gate);
        Assert.InRange(held.PostponeUntil, until, until + TimeSpan.FromSeconds(1));
        Clock.SetUtcNow(held.PostponeUntil);

        Assert.NotNull((await Enter(gate, postponements: 1)).Pass);
    }

    [Fact]
    public async Task Message_is_postponed_for_an_hour_at_most_because_a_change_may_end_the_cooldown()
    {
        var gate = Gate();
        var now = Clock.GetUtcNow();
        (await Entered(gate)).End(Reachability.Yes, Ms, now + TimeSpan.FromHours(24));

        Assert.InRange((await Enter(gate)).PostponeUntil, now + TimeSpan.FromHours(1), now + TimeSpan.FromHours(1.1));
    }

    [Fact]
    public async Task Change_of_the_subscription_ends_its_cooldown_and_closes_its_breaker()
    {
        var gate = Gate();
        var version = Clock.GetUtcNow();
        gate.Update(version, null, cooldownUntil: version + TimeSpan.FromHours(1));
        Assert.Null((await Enter(gate)).Pass);

        gate.Update(version + Ms, null, null);
        await Open(gate);

        Assert.Equal(BreakerChange.Closed, gate.Update(version + (2 * Ms), null, null));
        Assert.NotNull((await Enter(gate)).Pass);
    }

    [Theory]
    [InlineData(-3)]
    [InlineData(3)]
    public async Task Cooldown_ends_on_time_when_the_clock_is_set_back_or_the_machine_sleeps(int hours)
    {
        var gate = Gate();
        (await Entered(gate)).End(Reachability.Yes, Ms, Clock.GetUtcNow() + TimeSpan.FromMinutes(2));
        Clock.Jump(TimeSpan.FromHours(hours));
        if (hours < 0)
        {
            var held = (await Enter(gate)).PostponeUntil - Clock.GetUtcNow();
            Assert.InRange(held, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(2) + TimeSpan.FromSeconds(1));
            Clock.Advance(held);
        }

        Assert.NotNull((await Enter(gate, postponements: 1)).Pass);
    }

    [Fact]
    public async Task Stored_cooldown_is_not_extended_when_the_clock_is_set_back()
    {
        var gate = Gate();
        var (version, until) = (Clock.GetUtcNow(), Clock.GetUtcNow() + TimeSpan.FromMinutes(2));
        gate.Update(version, null, until);
        Clock.Jump(-TimeSpan.FromHours(3));

        gate.Update(version, null, until);

        Assert.InRange(
            (await Enter(gate)).PostponeUntil - Clock.GetUtcNow(),
            TimeSpan.FromMinutes(2),
            TimeSpan.FromMinutes(2) + TimeSpan.FromSeconds(1)
        );
    }

    [Fact]
    public async Task Rate_limit_and_breaker_work_when_the_clock_is_set_back()
    {
        var limited = Gate();
        limited.Update(Clock.GetUtcNow(), rateLimitPerSecond: 1, null);
        await Entered(limited);
        var dead = Gate();
        await Open(dead);

        Clock.Jump(-TimeSpan.FromHours(3));
        Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.NotNull((await Enter(limited, postponements: 1)).Pass);
        Clock.Advance(s_probeInterval);
        Assert.NotNull((await Enter(dead, postponements: 1)).Pass);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Passes_are_neither_lost_nor_duplicated_in_random_schedules(int seed)
    {
        const int limit = 3;
        var random = new Random(seed);
        var gate = Gate(limit);
        var passes = new List<GatePass>();
        var waiting = new List<(Task<GateDecision> Task, CancellationTokenSource Cancellation)>();
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
                        pass.End(
                            (Reachability)random.Next(3),
                            random.Next(30) * Ms,
                            random.Next(50) == 0 ? Clock.GetUtcNow() + (random.Next(2000) * Ms) : null
                        );
                    }

                    pass.Dispose();
                    break;
                case 3 when waiting.Count > 0:
                    await waiting[random.Next(waiting.Count)].Cancellation.CancelAsync();
                    break;
                default:
                    Clock.Advance(random.Next(random.Next(10) == 0 ? 40_000 : 200) * Ms);
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
        Clock.Advance(TimeSpan.FromHours(1));
        foreach (var (task, cancellation) in waiting)
        {
            cancellation.Dispose();
            if (!task.IsCanceled)
            {
                (await task).Pass?.Dispose();
            }
        }

        var probe = await Entered(gate);
        probe.End(Reachability.Yes, Ms);
        for (var i = 0; i < limit; i++)
        {
            await Entered(gate);
        }

        Assert.False(Enter(gate).IsCompleted);
    }

    [Fact]
    public async Task Gate_is_removed_only_when_it_is_unused()
    {
        var gate = Gate();
        var pass = await Entered(gate);
        Assert.False(gate.TryRetire(TimeSpan.Zero));

        pass.End(Reachability.Yes, Ms);

        Assert.True(gate.TryRetire(TimeSpan.FromHours(1)));
        Assert.Null(gate.EnterAsync(postponements: 0, default));
    }

    [Fact]
    public async Task Gate_with_state_is_kept_until_it_was_unused_for_some_time()
    {
        var gate = Gate();
        await Open(gate);
        Assert.False(gate.TryRetire(TimeSpan.FromHours(1)));

        Clock.Advance(TimeSpan.FromHours(1));

        Assert.True(gate.TryRetire(TimeSpan.FromHours(1)));
    }
}
