using System.Diagnostics;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>One failing receiver doesn't affect the others.</summary>
public sealed class ThrottleScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task In_flight_limit_of_a_subscription_is_kept()
    {
        await using var app = await AppProcess.Start(("Deliveries__MaxInFlightPerSubscription", "4"));
        var organization = Organization.New(app);
        var hook = shared.Receiver.NewHook().After(TimeSpan.FromMilliseconds(20));
        await organization.Subscribe(hook);

        await organization.PublishCases(300, "case");
        await hook.Received(300);

        Assert.Equal(4, hook.MostAtOnce);
        Assert.Equal(300, hook.Requests.Select(request => request.EventId).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Rate_limit_of_a_subscription_is_kept()
    {
        const int limit = 50;
        const int events = 200;
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        await organization.Subscribe(hook, limit);

        await organization.PublishCases(events, "case");
        var requests = await hook.Received(events);

        // From start to end, since a machine under load may deliver in bursts what was sent evenly.
        var took = requests.Max(request => request.At) - requests.Min(request => request.At);
        Assert.InRange(took.TotalSeconds, (events - 1.0) / limit * 0.9, 30);
    }

    [Fact]
    public async Task Open_breaker_is_audited_once_and_defers_the_other_deliveries()
    {
        var organization = shared.NewOrganization();
        using var down = new ClosedPort();
        var subscription = await organization.Subscribe(down.Url);
        var started = Stopwatch.GetTimestamp();

        await organization.PublishCases(100, "case");
        var opened = Assert.Single(await organization.Audited("breaker.opened", 1));
        await organization.PublishCases(100, "later");
        var witness = shared.Receiver.NewHook();
        await organization.Subscribe(witness);
        await witness.Received(await organization.PublishCase("last"));

        Assert.Equal(subscription.Id, opened.SubscriptionId);
        Assert.Equal("connect", opened.Error!.Kind);
        Assert.Single(await organization.AuditLog("breaker.opened"));

        // Those that were under way when it opened, a probe every 30 s, and no more.
        var probes = (int)(Stopwatch.GetElapsedTime(started) / TimeSpan.FromSeconds(30));
        Assert.InRange((await organization.AuditLog("delivery.failed")).Count, 5, 5 + 15 + probes);
    }
}
