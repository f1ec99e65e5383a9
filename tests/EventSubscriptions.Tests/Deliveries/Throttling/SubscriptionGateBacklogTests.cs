using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Throttling;

namespace EventSubscriptions.Tests.Deliveries.Throttling;

/// <summary>What becomes of many messages that wait for one receiver.</summary>
public sealed class SubscriptionGateBacklogTests : SubscriptionGateFixture
{
    private static readonly TimeSpan s_probeInterval = new DeliveriesOptions().ProbeInterval;

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(500)]
    public async Task Rate_limit_is_kept_and_used_when_a_backlog_waits(int limit)
    {
        var gate = Gate();
        gate.Update(Clock.GetUtcNow(), limit, null);
        var count = Math.Min(1000, limit * 20);

        var backlog = await Deliver(gate, count, took: Ms, _ => Reachability.Yes);

        var sent = backlog.SentAt;
        Assert.Equal(count, sent.Count);
        for (int first = 0, last = 0; last < sent.Count; last++)
        {
            for (; sent[last] - sent[first] >= TimeSpan.FromSeconds(1); first++) { }

            Assert.InRange(last - first + 1, 1, (limit * 1.02) + 1);
        }

        Assert.InRange((sent[^1] - sent[0]).TotalSeconds, 0.9 * (count - 1) / limit, (1.3 * count / limit) + 1);
        Assert.InRange(backlog.MostTouches, 1, 4);
    }

    [Fact]
    public async Task Backlog_of_20_000_is_deferred_a_few_times_and_delivered_when_the_breaker_closes()
    {
        var gate = Gate();
        await Open(gate);
        var backAt = Clock.GetUtcNow() + TimeSpan.FromMinutes(47);

        var backlog = await Deliver(gate, 20_000, took: 20 * Ms, at => at < backAt ? Reachability.No : Reachability.Yes);

        Assert.Equal(20_000, backlog.SentAt.Count);
        Assert.InRange(backlog.MostTouches, 2, 16);
        Assert.InRange(backlog.SentAt[0], backAt, backAt + s_probeInterval + TimeSpan.FromSeconds(1));
        Assert.InRange(backlog.SentAt[^1], backAt, backAt + (2 * DeferralSchedule.Horizon) + TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Backlog_is_delivered_at_its_previous_rate_when_the_receiver_has_hung()
    {
        var gate = Gate();
        var backAt = Clock.GetUtcNow() + TimeSpan.FromMinutes(1);

        var backlog = await Deliver(
            gate,
            20_000,
            took: 5 * Ms,
            at => at < backAt ? Reachability.No : Reachability.Yes,
            tookInVain: TimeSpan.FromSeconds(15)
        );

        Assert.InRange(backlog.MostTouches, 2, 12);
        Assert.InRange(backlog.SentAt[^1000], backAt, backAt + TimeSpan.FromMinutes(4));
    }

    [Fact]
    public async Task Backlog_is_not_requeued_repeatedly_when_the_receiver_hangs()
    {
        var gate = Gate(maxInFlight: 16);
        var start = Clock.GetUtcNow();

        var backlog = await Deliver(
            gate,
            2_000,
            took: TimeSpan.FromSeconds(15),
            _ => Reachability.No,
            until: start + TimeSpan.FromHours(2)
        );

        Assert.Empty(backlog.SentAt);
        Assert.InRange(backlog.MostTouches, 2, 50);
    }

    /// <summary>Plays the queue: messages come, are sent or held, and come again, until all have arrived.</summary>
    private async Task<Backlog> Deliver(
        SubscriptionGate gate,
        int count,
        TimeSpan took,
        Func<DateTimeOffset, Reachability> receiver,
        DateTimeOffset? until = null,
        TimeSpan? tookInVain = null
    )
    {
        const int concurrency = 256;
        var due = new PriorityQueue<Message, DateTimeOffset>(Enumerable.Range(0, count).Select(_ => (new Message(), Clock.GetUtcNow())));
        var ending = new PriorityQueue<(GatePass Pass, Message Message, DateTimeOffset SentAt), DateTimeOffset>();
        var waiting = new List<(Task<GateDecision> GateDecision, Message Message)>();
        var backlog = new Backlog();
        while (backlog.SentAt.Count < count && !(Clock.GetUtcNow() > until))
        {
            while (waiting.Count + ending.Count < concurrency && due.TryPeek(out var message, out var at) && at <= Clock.GetUtcNow())
            {
                due.Dequeue();
                backlog.MostTouches = Math.Max(backlog.MostTouches, ++message.Touches);
                waiting.Add((Enter(gate, postponements: message.Touches - 1), message));
            }

            while (ending.TryPeek(out var sent, out var endsAt) && endsAt <= Clock.GetUtcNow())
            {
                ending.Dequeue();
                var reached = receiver(sent.SentAt);
                sent.Pass.End(reached, reached == Reachability.Yes || Took(reached) > TimeSpan.FromSeconds(1) ? Took(reached) : null);
                if (reached == Reachability.Yes)
                {
                    backlog.SentAt.Add(sent.SentAt);
                }
                else
                {
                    due.Enqueue(sent.Message, Clock.GetUtcNow() + TimeSpan.FromMinutes(5));
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
                var decision = await task;
                if (decision.Pass is { } pass)
                {
                    var now = Clock.GetUtcNow();
                    ending.Enqueue((pass, message, now), now + Took(receiver(now)));
                }
                else
                {
                    Assert.True(decision.PostponeUntil > Clock.GetUtcNow());
                    due.Enqueue(message, decision.PostponeUntil);
                }
            }

            Advance(due, ending.TryPeek(out _, out var end) ? end : null, waiting.Count, concurrency - ending.Count);
        }

        backlog.SentAt.Sort();
        return backlog;

        TimeSpan Took(Reachability reached) => reached == Reachability.Yes ? took : tookInVain ?? took;
    }

    private void Advance(PriorityQueue<Message, DateTimeOffset> due, DateTimeOffset? end, int waiting, int concurrency)
    {
        var now = Clock.GetUtcNow();
        var next = waiting > 0 ? now + Ms : DateTimeOffset.MaxValue;
        if (waiting < concurrency && due.TryPeek(out _, out var at))
        {
            next = at < next ? at : next;
        }

        next = end < next ? end.Value : next;
        Clock.Advance(next > now ? next - now : TimeSpan.Zero);
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
