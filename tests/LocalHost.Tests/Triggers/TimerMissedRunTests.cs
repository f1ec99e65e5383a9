using LocalHost.Tests.Storage;
using LocalHost.Triggers;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Tests.Triggers;

public sealed class TimerMissedRunTests : TimerListenerTestBase
{
    [Fact]
    public async Task Timer_runs_at_once_and_past_due_when_a_run_was_missed_while_the_host_was_down()
    {
        await using (StartTimer("0 0 3 * * *")) { }
        _time.SetUtcNow(s_start.AddDays(2));

        await using var timer = StartTimer("0 0 3 * * *");

        var (info, at) = Next();
        Assert.Equal((s_start.AddDays(2), true), (at, info.IsPastDue));
        Assert.Equal(s_start.Date.AddDays(1).AddHours(3), info.ScheduleStatus!.Next);
    }

    [Fact]
    public async Task Timer_waits_for_an_hour_when_a_run_was_missed_more_than_two_days_ago()
    {
        await using (StartTimer("0 0 3 * * *")) { }
        _time.SetUtcNow(s_start.AddDays(3));

        await using var timer = StartTimer("0 0 3 * * *");

        AdvanceTo(s_start.AddDays(3).AddMinutes(59));
        Assert.Empty(_runs);
        AdvanceTo(s_start.AddDays(3).AddHours(1));
        Assert.Equal((s_start.AddDays(3).AddHours(1), true), (Next() is var (info, at) ? at : default, info.IsPastDue));
    }

    [Fact]
    public async Task Timer_does_not_wait_for_an_hour_when_it_runs_often()
    {
        await using (StartTimer("0 */5 * * * *")) { }
        _time.SetUtcNow(s_start.AddDays(3).AddMinutes(1));

        await using var timer = StartTimer("0 */5 * * * *");

        AdvanceTo(s_start.AddDays(3).AddMinutes(5));
        Assert.Equal(s_start.AddDays(3).AddMinutes(5), Next().At);
    }

    [Fact]
    public async Task Timer_is_not_past_due_after_a_restart_when_no_run_was_missed()
    {
        await using (StartTimer("0 */5 * * * *"))
        {
            AdvanceTo(s_start.AddMinutes(5));
            Next();
        }

        _time.SetUtcNow(s_start.AddMinutes(6));
        await using var timer = StartTimer("0 */5 * * * *");
        AdvanceTo(s_start.AddMinutes(10));

        var (info, at) = Next();
        Assert.Equal((s_start.AddMinutes(10), false), (at, info.IsPastDue));
        Assert.Equal(s_start.AddMinutes(5).UtcDateTime, info.ScheduleStatus!.Last);
    }

    [Fact]
    public async Task Missed_run_is_ignored_when_the_schedule_has_changed()
    {
        await using (StartTimer("0 0 3 * * *")) { }
        _time.SetUtcNow(s_start.AddDays(3));

        await using var timer = StartTimer("0 */5 * * * *");
        AdvanceTo(s_start.AddDays(3).AddMinutes(5));

        var (info, at) = Next();
        Assert.Equal((s_start.AddDays(3).AddMinutes(5), false), (at, info.IsPastDue));
    }

    [Theory]
    [InlineData("0 0 3 * * *", false)]
    [InlineData("*/10 * * * * *", true)]
    public async Task Missed_run_is_ignored_when_the_timer_is_not_monitored_or_runs_more_than_once_a_minute(
        string schedule,
        bool useMonitor
    )
    {
        await using (StartTimer(schedule, new TimerTriggerAttribute(schedule) { UseMonitor = useMonitor })) { }
        _time.SetUtcNow(s_start.AddDays(3));

        await using var timer = StartTimer(schedule, new TimerTriggerAttribute(schedule) { UseMonitor = useMonitor });
        AdvanceTo(s_start.AddDays(3).AddHours(15));

        var (info, at) = Next();
        Assert.True(at > s_start.AddDays(3));
        Assert.False(info.IsPastDue);
        Assert.Null(info.ScheduleStatus);
    }

    [Fact]
    public async Task Missed_run_is_ignored_when_the_stored_status_is_damaged()
    {
        await using (StartTimer("0 */5 * * * *")) { }
        await _database.WriteAsync(new Do(batch => batch.Put(TimerStatusStore.KeyOf("Tick"), "{"u8)));

        await using var timer = StartTimer("0 */5 * * * *");
        AdvanceTo(s_start.AddMinutes(5));

        Assert.False(Next().Info.IsPastDue);
    }
}
