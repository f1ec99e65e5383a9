using System.Text.Json;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Throttling;

namespace EventSubscriptions.Tests.Deliveries.Throttling;

public sealed class ConcurrencyBudgetTests
{
    private const int Invocations = 256;

    private readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private readonly MonotonicClock _steady;

    public ConcurrencyBudgetTests() => _steady = new MonotonicClock(_clock);

    [Theory]
    [InlineData(16, 256, 16)]
    [InlineData(16, 128, 16)]
    [InlineData(16, 127, 15)]
    [InlineData(16, 64, 8)]
    [InlineData(16, 8, 1)]
    [InlineData(16, 7, 0)]
    [InlineData(16, 0, 0)]
    [InlineData(16, -3, 0)]
    [InlineData(256, 64, 128)]
    public void Limit_shrinks_when_more_than_half_of_the_invocations_are_used(int most, int free, int expected) =>
        Assert.Equal(expected, ConcurrencyBudget.Of(most, Invocations, free));

    [Fact]
    public void Number_of_invocations_is_that_of_the_host()
    {
        using var host = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("host.json")));

        Assert.Equal(
            host.RootElement.GetProperty("extensions").GetProperty("serviceBus").GetProperty("maxConcurrentCalls").GetInt32(),
            new DeliveriesOptions().Invocations
        );
    }

    [Theory]
    [InlineData(1, 16)]
    [InlineData(8, 16)]
    [InlineData(20, 9)]
    [InlineData(100, 2)]
    public async Task Hanging_subscriptions_leave_room_for_others(int subscriptions, int each)
    {
        var share = new ConcurrencyBudget(Invocations);
        var hanging = Enumerable.Range(0, subscriptions).Select(_ => Gate(share)).ToList();
        var passes = await Backlog(hanging, rounds: 40);

        Assert.InRange((double)passes.Count / subscriptions, each - 0.5, each + 0.5);
        Assert.InRange(passes.Count, 1, Invocations - 8);
        Assert.NotNull((await Enter(Gate(share))).Pass);

        passes.ForEach(pass => pass.Dispose());
        Assert.Equal(16, (await Backlog([Gate(share)], rounds: 40)).Count);
    }

    [Theory]
    [InlineData(1, 192)]
    [InlineData(2, 110)]
    [InlineData(10, 25)]
    public async Task Organizations_with_more_subscriptions_than_there_are_invocations_leave_room_for_others(int organizations, int each)
    {
        var share = new ConcurrencyBudget(Invocations);
        var busy = Enumerable.Range(0, organizations).Select(_ => new OrganizationBudget(share)).ToList();
        var gates = Enumerable.Range(0, 300).SelectMany(_ => busy.Select(Gate)).ToList();
        var passes = await Backlog(gates, rounds: 2);

        Assert.InRange((double)passes.Count / organizations, each - 1, each);
        Assert.NotNull((await Enter(Gate(share))).Pass);

        passes.ForEach(pass => pass.Dispose());
        Assert.Equal(16, (await Backlog([Gate(share)], rounds: 40)).Count);
    }

    [Fact]
    public async Task Messages_of_an_organization_without_room_are_deferred_at_the_rate_at_which_its_requests_end()
    {
        var organization = new OrganizationBudget(new ConcurrencyBudget(Invocations));
        var gates = Enumerable.Range(0, 300).Select(_ => Gate(organization)).ToList();
        var passes = await Backlog(gates.Take(192).ToList(), rounds: 1);
        Assert.Equal(192, passes.Count);
        _clock.Advance(TimeSpan.FromSeconds(4));

        var waits = new List<TimeSpan>();
        foreach (var gate in gates.Skip(192))
        {
            waits.Add((await Enter(gate)).PostponeUntil - _clock.GetUtcNow());
        }

        Assert.Equal(waits.Order(), waits);
        Assert.InRange(waits[^1], 0.9 * TimeSpan.FromSeconds(4) * waits.Count / 192, 1.2 * TimeSpan.FromSeconds(4) * waits.Count / 192);
    }

    [Fact]
    public async Task Queued_messages_leave_room_for_others()
    {
        var share = new ConcurrencyBudget(Invocations);
        var gates = Enumerable.Range(0, 20).Select(_ => Gate(share)).ToList();
        var passes = await Backlog(gates, rounds: 40);

        var waiting = Enumerable
            .Range(0, 40)
            .SelectMany(_ => gates.Select(gate => Enter(gate)))
            .Where(decision => !decision.IsCompleted)
            .ToList();
        Assert.InRange(waiting.Count, 1, Invocations - passes.Count - 1);

        _clock.Advance(SubscriptionGate.MaxWait);
        Assert.All(await Task.WhenAll(waiting), decision => Assert.Null(decision.Pass));
        Assert.Equal(SubscriptionGate.MaxWaiting, new ConcurrencyBudget(Invocations).Waiting(SubscriptionGate.MaxWaiting));
        passes.ForEach(pass => pass.Dispose());
        Assert.Equal(SubscriptionGate.MaxWaiting, share.Waiting(SubscriptionGate.MaxWaiting));
    }

    [Fact]
    public async Task Probes_take_half_of_the_invocations_at_most()
    {
        var share = new ConcurrencyBudget(Invocations);
        var options = new DeliveriesOptions();
        var dead = Enumerable.Range(0, 300).Select(_ => Gate(share)).ToList();
        foreach (var gate in dead)
        {
            for (var i = 0; i < CircuitBreaker.FailuresToOpen; i++)
            {
                (await Enter(gate)).Pass!.End(Reachability.No);
            }
        }

        _clock.Advance(options.ProbeInterval);
        var admissions = await Task.WhenAll(dead.Select(Enter));

        Assert.Equal(Invocations / 2, admissions.Count(decision => decision.Pass is not null));
        Assert.All(
            admissions.Where(decision => decision.Pass is null),
            decision => Assert.InRange(decision.PostponeUntil - _clock.GetUtcNow(), TimeSpan.FromSeconds(1), options.ProbeInterval)
        );
    }

    private SubscriptionGate Gate(ConcurrencyBudget share) => Gate(new OrganizationBudget(share));

    private SubscriptionGate Gate(OrganizationBudget organization) => new(new DeliveriesOptions(), organization, _steady);

    private static Task<GateDecision> Enter(SubscriptionGate gate) => gate.EnterAsync(postponements: 0, default)!.Value.AsTask();

    /// <summary>Offers each subscription one message after the other, and returns those that are under way.</summary>
    private async Task<List<GatePass>> Backlog(IReadOnlyList<SubscriptionGate> gates, int rounds)
    {
        var admissions = Enumerable.Range(0, rounds).SelectMany(_ => gates.Select(Enter)).ToList();
        _clock.Advance(SubscriptionGate.MaxWait);
        return [.. (await Task.WhenAll(admissions)).Select(decision => decision.Pass).OfType<GatePass>()];
    }
}
