namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Measures time, so it runs beside no other scenario.</summary>
[CollectionDefinition(nameof(SlowReceiverScenarios), DisableParallelization = true)]
[Collection(nameof(SlowReceiverScenarios))]
public sealed class SlowReceiverScenarios
{
    private const int Healthy = 20;
    private const int Events = 60;

    [Fact]
    public async Task Healthy_subscriptions_are_not_delayed_when_another_one_hangs()
    {
        await using var receiver = await Receiver.Start();
        await using var quietApp = await AppProcess.Start(("Deliveries__Deadline", "00:00:02"));
        await using var app = await AppProcess.Start(("Deliveries__Deadline", "00:00:02"));
        var without = Organization.New(quietApp);
        var with = Organization.New(app);
        var hanging = receiver.NewHook().After(TimeSpan.FromMinutes(1));
        await with.Subscribe(hanging);
        await with.PublishCases(1000, "backlog");
        await hanging.Received(16);
        var quietHooks = await Subscribe(without, receiver);
        var hooks = await Subscribe(with, receiver);
        await Task.WhenAll(Latencies(without, quietHooks, "warm-up"), Latencies(with, hooks, "warm-up"));

        // At the same time, so that whatever else the machine does slows both.
        var latencies = await Task.WhenAll(Latencies(without, quietHooks, "measured"), Latencies(with, hooks, "measured"));
        var (alone, beside) = (latencies[0], latencies[1]);

        // On a machine under load, what is measured may be off by some tens of milliseconds.
        var limit = (2 * alone) + TimeSpan.FromMilliseconds(150);
        Assert.True(
            beside <= limit,
            $"p99 {beside.TotalMilliseconds:0} ms beside a receiver that hangs, {alone.TotalMilliseconds:0} ms without"
        );
    }

    [Fact]
    public async Task Healthy_subscription_is_not_delayed_when_more_subscriptions_hang_than_there_are_invocations()
    {
        const int hanging = 24;
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start(("Deliveries__Deadline", "00:01:00"));
        var organization = Organization.New(app);
        var hooks = Enumerable.Range(0, hanging).Select(_ => receiver.NewHook().After(TimeSpan.FromMinutes(1))).ToList();
        foreach (var hook in hooks)
        {
            await organization.Subscribe(hook);
        }

        var other = Organization.New(app);
        var healthy = receiver.NewHook();
        await other.Subscribe(healthy);
        await healthy.Received(await other.PublishCase());
        await organization.PublishCases(250, "backlog");
        await Eventually.Until(() => hooks.All(hook => hook.Count > 0), () => "a request at each receiver that hangs");

        var times = new List<TimeSpan>();
        for (var i = 0; i < Events; i++)
        {
            var sent = Receiver.Now;
            var request = await healthy.Received(await other.PublishCase());
            times.Add(request.At - sent);
        }

        // None of the hanging requests has ended by then: without a share of its own it would have to wait for that.
        Assert.InRange(times.Max(), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.InRange(times.Order().ElementAt(Events / 2), TimeSpan.Zero, TimeSpan.FromMilliseconds(500));
        Assert.InRange(hooks.Sum(hook => hook.Count), hanging, 256 - 1);
    }

    [Fact]
    public async Task Organization_is_not_delayed_when_another_has_more_slow_subscriptions_than_there_are_invocations()
    {
        const int slow = 300;
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start();
        var (busy, other) = (Organization.New(app), Organization.New(app));
        var hooks = Enumerable.Range(0, slow).Select(_ => receiver.NewHook().After(TimeSpan.FromSeconds(4))).ToList();
        await Parallel.ForEachAsync(
            hooks,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (hook, _) => await busy.Subscribe(hook)
        );
        var healthy = receiver.NewHook();
        await other.Subscribe(healthy);
        await healthy.Received(await other.PublishCase());
        await busy.PublishCases(20, "backlog");
        await Eventually.Until(() => hooks.Sum(hook => hook.Count) >= slow, () => "a request for each slow subscription");

        var times = new List<TimeSpan>();
        for (var i = 0; i < Events; i++)
        {
            var sent = Receiver.Now;
            var request = await healthy.Received(await other.PublishCase());
            times.Add(request.At - sent);
        }

        times.Sort();
        var (median, p95) = (times[Events / 2], times[(int)(Events * 0.95)]);
        Console.WriteLine(
            $"Beside {slow} slow subscriptions: median {median.TotalMilliseconds:0} ms, p95 {p95.TotalMilliseconds:0} ms, most {times[^1].TotalMilliseconds:0} ms"
        );
        Assert.True(p95 < TimeSpan.FromSeconds(2), $"p95 {p95.TotalMilliseconds:0} ms, median {median.TotalMilliseconds:0} ms");
    }

    private static async Task<IReadOnlyList<Hook>> Subscribe(Organization organization, Receiver receiver)
    {
        var hooks = Enumerable.Range(0, Healthy).Select(_ => receiver.NewHook()).ToList();
        foreach (var hook in hooks)
        {
            await organization.Subscribe(hook);
        }

        return hooks;
    }

    /// <summary>The 99th percentile of the time from the publish of an event until each healthy subscription has it.</summary>
    private static async Task<TimeSpan> Latencies(Organization organization, IReadOnlyList<Hook> hooks, string prefix)
    {
        var sent = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        for (var i = 0; i < Events; i++)
        {
            var id = $"{prefix}-{i}";
            sent[id] = Receiver.Now;
            await organization.PublishCase(eventId: id);
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        await Eventually.Until(
            () =>
                hooks.All(hook => sent.Keys.ToHashSet(StringComparer.Ordinal).IsSubsetOf(hook.Requests.Select(request => request.EventId))),
            () => $"all events of {prefix} everywhere"
        );
        var latencies = hooks
            .SelectMany(hook => hook.Requests)
            .Where(request => sent.ContainsKey(request.EventId))
            .Select(request => request.At - sent[request.EventId])
            .Order()
            .ToList();
        return latencies[(int)(latencies.Count * 0.99)];
    }
}
