using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Tests.Events.Publishing;

public sealed class PublishRateTests
{
    private readonly TestClock _clock = new();
    private readonly OrganizationId _organization = Given.Organization();

    [Fact]
    public void Publishing_is_unlimited_by_default()
    {
        var rate = Rate(limit: null);

        Assert.All(Enumerable.Range(0, 1_000), _ => Assert.True(TryTake(rate, _organization, 1_000, out var _)));
    }

    [Fact]
    public void Events_of_one_second_and_then_the_rate_are_accepted()
    {
        var rate = Rate(100);
        var accepted = 0;
        for (var ms = 0; ms < 10_000; ms++)
        {
            accepted += TryTake(rate, _organization, 1, out _) ? 1 : 0;
            _clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.InRange(accepted, 10 * 100, (11 * 100) + 2);
    }

    [Fact]
    public void Burst_is_at_most_one_second_of_the_rate()
    {
        var rate = Rate(100);
        Assert.True(TryTake(rate, _organization, 1, out _));
        _clock.Advance(TimeSpan.FromHours(1));

        Assert.InRange(Enumerable.Range(0, 1_000).Count(_ => TryTake(rate, _organization, 1, out var _)), 100, 102);
    }

    [Fact]
    public void Request_larger_than_the_limit_is_accepted_and_delays_the_next()
    {
        var rate = Rate(100);
        Assert.True(TryTake(rate, _organization, 1_000, out _));

        Assert.False(TryTake(rate, _organization, 1, out var wait));
        Assert.Equal(TimeSpan.FromSeconds(9), wait);
        _clock.Advance(wait);
        Assert.True(TryTake(rate, _organization, 1, out _));
    }

    [Fact]
    public void Rate_is_independent_of_other_organizations_and_of_the_wall_clock()
    {
        var rate = Rate(1);
        Assert.True(TryTake(rate, _organization, 2, out _));
        Assert.False(TryTake(rate, _organization, 1, out _));

        Assert.True(TryTake(rate, Given.Organization(), 1, out _));
        _clock.Jump(-TimeSpan.FromHours(1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(TryTake(rate, _organization, 1, out _));
    }

    private PublishRate Rate(int? limit) => new(new LimitsOptions { EventsPerSecondPerOrganization = limit }, _clock);

    [Fact]
    public void Events_of_several_organizations_are_all_accepted_or_cost_nothing()
    {
        var rate = new PublishRate(new LimitsOptions { EventsPerSecondPerOrganization = 5 }, _clock);
        var other = Given.Organization();
        Assert.True(TryTake(rate, other, 50, out _));

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(other, rate.TryTake([new(_organization, 2), new(other, 1)])?.Organization);
        }

        Assert.True(TryTake(rate, _organization, 1, out _));
    }

    private static bool TryTake(PublishRate rate, OrganizationId organization, int events, out TimeSpan wait)
    {
        var refused = rate.TryTake([new(organization, events)]);
        wait = refused?.Wait ?? TimeSpan.Zero;
        return refused is null;
    }
}
