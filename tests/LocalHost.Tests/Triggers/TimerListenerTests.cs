using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Tests.Triggers;

public sealed class TimerListenerTests : TimerListenerTestBase
{
    [Fact]
    public async Task Timer_runs_at_each_time_of_its_schedule()
    {
        await using var timer = StartTimer("0 */5 * * * *");

        AdvanceTo(s_start.AddMinutes(11));

        Assert.Equal([s_start.AddMinutes(5), s_start.AddMinutes(10)], [Next().At, Next().At]);
        Assert.Empty(_runs);
    }

    [Fact]
    public async Task Timer_info_has_the_last_and_the_next_run()
    {
        await using var timer = StartTimer("0 */5 * * * *");

        AdvanceTo(s_start.AddMinutes(11));

        Next();
        var (info, _) = Next();
        Assert.Equal(
            (s_start.AddMinutes(5).UtcDateTime, s_start.AddMinutes(10).UtcDateTime),
            (info.ScheduleStatus!.Last, info.ScheduleStatus.Next)
        );
        Assert.False(info.IsPastDue);
    }

    [Fact]
    public async Task Timer_runs_again_when_a_run_failed()
    {
        _body = _ => throw new InvalidOperationException("on purpose");
        await using var timer = StartTimer("0 */5 * * * *");

        AdvanceTo(s_start.AddMinutes(11));

        Assert.Equal([s_start.AddMinutes(5), s_start.AddMinutes(10)], [Next().At, Next().At]);
    }

    [Fact]
    public async Task Timer_runs_once_right_after_a_run_that_overran_its_schedule()
    {
        var gate = new TaskCompletionSource();
        _body = _ => gate.Task;
        await using var timer = StartTimer("0 */5 * * * *");

        AdvanceTo(s_start.AddMinutes(5));
        Next();
        AdvanceTo(s_start.AddMinutes(23));
        Assert.Empty(_runs);
        gate.SetResult();

        Assert.Equal(s_start.AddMinutes(23), Next().At);
        AdvanceTo(s_start.AddMinutes(25));
        Assert.Equal(s_start.AddMinutes(25), Next().At);
        Assert.Empty(_runs);
    }

    [Fact]
    public async Task Timer_runs_at_start_when_RunOnStartup_is_set()
    {
        await using var timer = StartTimer("0 0 3 * * *", new TimerTriggerAttribute("") { RunOnStartup = true });

        var (info, at) = Next();
        Assert.Equal((s_start, false), (at, info.IsPastDue));
    }

    [Fact]
    public async Task Stop_waits_for_the_run_in_flight_and_starts_none()
    {
        var gate = new TaskCompletionSource();
        _body = _ => gate.Task;
        await using var timer = StartTimer("0 */5 * * * *");
        AdvanceTo(s_start.AddMinutes(5));
        Next();

        var stop = timer.Listener.StopAsync(CancellationToken.None);
        Assert.False(stop.IsCompleted);
        gate.SetResult();
        await stop;
        _time.Advance(TimeSpan.FromDays(1));

        Assert.Empty(_runs);
    }

    [Fact]
    public async Task Stop_cancels_the_run_in_flight_when_its_time_is_over()
    {
        var cancelled = new TaskCompletionSource();
        _body = async token =>
        {
            await using var registration = token.Register(cancelled.SetResult);
            await Task.Delay(Timeout.Infinite, token);
        };
        await using var timer = StartTimer("0 */5 * * * *");
        AdvanceTo(s_start.AddMinutes(5));
        Next();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => timer.Listener.StopAsync(new CancellationToken(canceled: true)));

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }
}
