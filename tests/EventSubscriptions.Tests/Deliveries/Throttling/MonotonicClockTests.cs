using EventSubscriptions.Deliveries.Throttling;

namespace EventSubscriptions.Tests.Deliveries.Throttling;

public sealed class MonotonicClockTests
{
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    private readonly TestClock _wall = new();
    private readonly MonotonicClock _clock;
    private readonly DateTimeOffset _start;

    public MonotonicClockTests() => (_clock, _start) = (new MonotonicClock(_wall), _wall.GetUtcNow());

    [Fact]
    public void Time_never_goes_back_and_follows_the_wall_clock_forward()
    {
        _wall.Jump(-s_hour);
        Assert.Equal(_start, _clock.Now);
        _wall.Advance(s_hour);
        Assert.Equal(_start + s_hour, _clock.Now);

        _wall.Jump(2 * s_hour);
        Assert.Equal(_start + (3 * s_hour), _clock.Now);
        _wall.Advance(s_hour);
        Assert.Equal(_start + (4 * s_hour), _clock.Now);
    }

    [Fact]
    public void Small_corrections_of_the_wall_clock_do_not_add_up()
    {
        for (var i = 0; i < 1_000; i++)
        {
            _wall.Jump(TimeSpan.FromMilliseconds(i % 2 == 0 ? 500 : -500));
            _ = _clock.Now;
        }

        Assert.Equal(_start, _clock.Now);
    }

    [Fact]
    public void Times_are_converted_by_the_current_wall_clock()
    {
        _wall.Jump(-s_hour);
        var soon = _wall.GetUtcNow() + TimeSpan.FromMinutes(1);

        Assert.Equal(_clock.Now + TimeSpan.FromMinutes(1), _clock.FromWall(soon));
        Assert.Equal(soon, _clock.ToWall(_clock.FromWall(soon)));
    }
}
