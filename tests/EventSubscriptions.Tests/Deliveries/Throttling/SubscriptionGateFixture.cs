using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Throttling;

namespace EventSubscriptions.Tests.Deliveries.Throttling;

/// <summary>A gate, and ways into it, on a clock that the test moves.</summary>
public abstract class SubscriptionGateFixture
{
    private protected static TimeSpan Ms { get; } = TimeSpan.FromMilliseconds(1);

    private readonly ConcurrencyBudget _share = new(new DeliveriesOptions().Invocations);

    private protected TestClock Clock { get; } = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));

    private protected SubscriptionGate Gate(int maxInFlight = 16) =>
        new(new DeliveriesOptions { MaxInFlightPerSubscription = maxInFlight }, new OrganizationBudget(_share), new MonotonicClock(Clock));

    private protected static Task<GateDecision> Enter(SubscriptionGate gate, int postponements = 0) =>
        gate.EnterAsync(postponements, default)!.Value.AsTask();

    private protected static async Task<GatePass> Entered(SubscriptionGate gate)
    {
        var decision = gate.EnterAsync(postponements: 1, default)!.Value;
        Assert.True(decision.IsCompleted);
        return (await decision).Pass ?? throw new InvalidOperationException("It was held.");
    }

    private protected static async Task Open(SubscriptionGate gate)
    {
        for (var i = 0; i < CircuitBreaker.FailuresToOpen; i++)
        {
            (await Entered(gate)).End(Reachability.No);
        }
    }
}
