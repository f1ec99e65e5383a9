namespace LocalHost.Tests;

public sealed class ManualTimeProviderTests
{
    private static readonly DateTimeOffset Start = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ManualTimeProvider _time = new(Start);
    private readonly List<string> _fired = [];

    [Fact]
    public void Timers_fire_in_the_order_in_which_they_are_due_and_see_the_time_at_which_they_are()
    {
        using var later = Timer("later", 2, Timeout.Infinite);
        using var sooner = Timer("sooner", 1, Timeout.Infinite);

        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["sooner at 1", "later at 2"], _fired);
        Assert.Equal((Start.AddSeconds(5), 0), (_time.GetUtcNow(), _time.PendingTimers));
    }

    [Fact]
    public void Periodic_timer_fires_each_time_that_it_is_due()
    {
        using var timer = Timer("tick", 1, 2);

        _time.SetUtcNow(Start.AddSeconds(5));

        Assert.Equal(["tick at 1", "tick at 3", "tick at 5"], _fired);
    }

    [Fact]
    public void Timer_that_is_disposed_or_changed_does_not_fire_as_before()
    {
        Timer("disposed", 1, Timeout.Infinite).Dispose();
        using var changed = Timer("changed", 1, Timeout.Infinite);
        changed.Change(TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);

        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["changed at 3"], _fired);
    }

    [Fact]
    public async Task Delay_ends_when_the_clock_passes_it()
    {
        var delay = Task.Delay(TimeSpan.FromHours(1), _time);

        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.False(delay.IsCompleted);
        _time.Advance(TimeSpan.FromMinutes(1));

        await delay.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(TimeSpan.FromHours(1), _time.GetElapsedTime(Start.Ticks));
    }

    private ITimer Timer(string name, int due, int period) => _time.CreateTimer(
        _ => _fired.Add($"{name} at {(_time.GetUtcNow() - Start).TotalSeconds}"),
        null,
        TimeSpan.FromSeconds(due),
        period == Timeout.Infinite ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(period));
}
