using EventSubscriptions.Deliveries.Throttling;

namespace EventSubscriptions.Tests.Deliveries.Throttling;

public sealed class CircuitBreakerTests
{
    private static readonly TimeSpan s_probeInterval = TimeSpan.FromSeconds(30);

    private readonly CircuitBreaker _breaker = new(s_probeInterval);
    private DateTimeOffset _now = new(2026, 1, 31, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Breaker_opens_after_five_failures_in_a_row()
    {
        Assert.Equal([BreakerChange.None, BreakerChange.None, BreakerChange.None, BreakerChange.None, BreakerChange.Opened], Fail(5));
        Assert.False(_breaker.Allows(_now));
    }

    [Fact]
    public void Breaker_stays_closed_when_a_request_in_between_reaches_the_receiver()
    {
        Fail(4);
        _breaker.Report(_breaker.Pass(_now), Reachability.Yes, _now);

        Assert.DoesNotContain(BreakerChange.Opened, Fail(4));
    }

    [Fact]
    public void Cancelled_request_has_no_effect_on_the_breaker()
    {
        Fail(4);
        _breaker.Report(_breaker.Pass(_now), Reachability.Unknown, _now);

        Assert.Equal([BreakerChange.Opened], Fail(1));
    }

    [Fact]
    public void One_probe_passes_after_30_seconds()
    {
        Fail(5);
        _now += s_probeInterval - TimeSpan.FromTicks(1);
        Assert.False(_breaker.Allows(_now));
        _now += TimeSpan.FromTicks(1);

        Assert.True(_breaker.Allows(_now));
        Assert.True(_breaker.Pass(_now).IsProbe);
        Assert.False(_breaker.Allows(_now));
        Assert.False(_breaker.Allows(_now + TimeSpan.FromHours(1)));
    }

    [Fact]
    public void Breaker_closes_when_the_probe_reaches_the_receiver()
    {
        var probe = OpenAndProbe();

        Assert.Equal(BreakerChange.Closed, _breaker.Report(probe, Reachability.Yes, _now));
        Assert.True(_breaker.IsIdle);
    }

    [Fact]
    public void Next_probe_passes_30_seconds_after_the_start_of_one_that_failed()
    {
        var probe = OpenAndProbe();
        var started = _now;
        _now += TimeSpan.FromSeconds(15);

        Assert.Equal(BreakerChange.None, _breaker.Report(probe, Reachability.No, _now));

        Assert.False(_breaker.Allows(_now));
        Assert.True(_breaker.Allows(started + s_probeInterval));
    }

    [Fact]
    public void Another_probe_passes_at_once_when_one_was_cancelled()
    {
        _breaker.Report(OpenAndProbe(), Reachability.Unknown, _now);

        Assert.True(_breaker.Allows(_now));
    }

    [Fact]
    public void Requests_from_before_a_change_are_ignored_after_it()
    {
        var before = Enumerable.Range(0, 20).Select(_ => _breaker.Pass(_now)).ToList();
        Fail(5);

        Assert.All(before.Take(5), pass => Assert.Equal(BreakerChange.None, _breaker.Report(pass, Reachability.Yes, _now)));
        Assert.False(_breaker.Allows(_now));
        _now += s_probeInterval;
        _breaker.Report(_breaker.Pass(_now), Reachability.Yes, _now);
        Assert.All(before.Skip(5), pass => Assert.Equal(BreakerChange.None, _breaker.Report(pass, Reachability.No, _now)));
        Assert.True(_breaker.Allows(_now));
    }

    private BreakerPass OpenAndProbe()
    {
        Fail(5);
        _now += s_probeInterval;
        return _breaker.Pass(_now);
    }

    private List<BreakerChange> Fail(int times) =>
        [.. Enumerable.Range(0, times).Select(_ => _breaker.Report(_breaker.Pass(_now), Reachability.No, _now))];
}
