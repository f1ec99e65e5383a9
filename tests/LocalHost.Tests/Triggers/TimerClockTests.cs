namespace LocalHost.Tests.Triggers;

public sealed class TimerClockTests : TimerListenerTestBase
{
    [Fact]
    public async Task Timer_runs_by_the_current_time_when_the_clock_was_ahead()
    {
        _time.Jump(TimeSpan.FromDays(2000));
        await using (StartTimer("0 0 * * * *")) { }
        _time.Jump(TimeSpan.FromDays(-2000));

        await using var timer = StartTimer("0 0 * * * *");

        AdvanceTo(s_start.AddHours(1));
        Assert.Equal((s_start.AddHours(1), false), (Next() is var (info, at) ? at : default, info.IsPastDue));
    }

    [Fact]
    public async Task Timer_runs_on_schedule_when_the_clock_is_set_back()
    {
        await using var timer = StartTimer("0 */5 * * * *");
        WaitUntilIdle();
        _time.Jump(TimeSpan.FromDays(-365));
        AdvanceTo(s_start.AddDays(-365).AddMinutes(6));

        Assert.Equal(s_start.AddDays(-365).AddMinutes(5), Next().At);
    }

    [Fact]
    public async Task Timer_waits_for_an_hour_when_the_clock_is_set_far_ahead()
    {
        await using var timer = StartTimer("0 0 3 * * *");
        WaitUntilIdle();
        _time.Jump(TimeSpan.FromDays(2000));
        AdvanceTo(_time.GetUtcNow().AddMinutes(59));
        Assert.Empty(_runs);

        _time.Jump(TimeSpan.FromDays(-2000));
        AdvanceTo(s_start.AddHours(15));

        Assert.Equal(s_start.AddHours(15), Next().At);
        Assert.Empty(_runs);
    }

    [Fact]
    public async Task Timer_runs_an_hour_after_the_machine_slept_for_days()
    {
        await using var timer = StartTimer("0 0 3 * * *");
        WaitUntilIdle();
        _time.Jump(TimeSpan.FromDays(4));
        AdvanceTo(s_start.AddDays(4).AddMinutes(62));

        Assert.InRange(Next().At, s_start.AddDays(4).AddMinutes(60), s_start.AddDays(4).AddMinutes(62));
    }
}
