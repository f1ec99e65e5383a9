using System.Collections.Concurrent;
using LocalHost.Functions;
using LocalHost.Storage;
using LocalHost.Tests.Storage;
using LocalHost.Triggers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging.Abstractions;

namespace LocalHost.Tests.Triggers;

public sealed class TimerListenerTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2025, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    private readonly TemporaryFolder _folder = new();
    private readonly Database _database;
    private readonly TestClock _time = new(Start);
    private readonly BlockingCollection<(TimerInfo Info, DateTimeOffset At)> _runs = [];
    private int _inRun;
    private Func<CancellationToken, Task> _body = _ => Task.CompletedTask;

    public TimerListenerTests() => _database = TestDatabase.Open(_folder.Path);

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
        _runs.Dispose();
    }

    [Fact]
    public async Task Timer_runs_at_each_time_of_its_schedule()
    {
        await using var timer = StartTimer("0 */5 * * * *");

        AdvanceTo(Start.AddMinutes(11));

        Assert.Equal([Start.AddMinutes(5), Start.AddMinutes(10)], [Next().At, Next().At]);
        Assert.Empty(_runs);
    }

    [Fact]
    public async Task Timer_tells_the_last_and_the_next_run()
    {
        await using var timer = StartTimer("0 */5 * * * *");

        AdvanceTo(Start.AddMinutes(11));

        Next();
        var (info, _) = Next();
        Assert.Equal(
            (Start.AddMinutes(5).UtcDateTime, Start.AddMinutes(10).UtcDateTime),
            (info.ScheduleStatus!.Last, info.ScheduleStatus.Next)
        );
        Assert.False(info.IsPastDue);
    }

    [Fact]
    public async Task Timer_goes_on_when_a_run_fails()
    {
        _body = _ => throw new InvalidOperationException("on purpose");
        await using var timer = StartTimer("0 */5 * * * *");

        AdvanceTo(Start.AddMinutes(11));

        Assert.Equal([Start.AddMinutes(5), Start.AddMinutes(10)], [Next().At, Next().At]);
    }

    [Fact]
    public async Task Timer_runs_once_more_right_after_a_run_that_outlasted_its_schedule_and_never_twice_at_once()
    {
        var gate = new TaskCompletionSource();
        _body = _ => gate.Task;
        await using var timer = StartTimer("0 */5 * * * *");

        AdvanceTo(Start.AddMinutes(5));
        Next();
        AdvanceTo(Start.AddMinutes(23));
        Assert.Empty(_runs);
        gate.SetResult();

        Assert.Equal(Start.AddMinutes(23), Next().At);
        AdvanceTo(Start.AddMinutes(25));
        Assert.Equal(Start.AddMinutes(25), Next().At);
        Assert.Empty(_runs);
    }

    [Fact]
    public async Task Timer_runs_at_once_and_past_due_when_a_run_was_missed_while_the_host_was_down()
    {
        await using (StartTimer("0 0 3 * * *")) { }
        _time.SetUtcNow(Start.AddDays(2));

        await using var timer = StartTimer("0 0 3 * * *");

        var (info, at) = Next();
        Assert.Equal((Start.AddDays(2), true), (at, info.IsPastDue));
        Assert.Equal(Start.Date.AddDays(1).AddHours(3), info.ScheduleStatus!.Next);
    }

    [Fact]
    public async Task Timer_waits_for_an_hour_when_a_run_was_missed_more_than_two_days_ago()
    {
        await using (StartTimer("0 0 3 * * *")) { }
        _time.SetUtcNow(Start.AddDays(3));

        await using var timer = StartTimer("0 0 3 * * *");

        AdvanceTo(Start.AddDays(3).AddMinutes(59));
        Assert.Empty(_runs);
        AdvanceTo(Start.AddDays(3).AddHours(1));
        Assert.Equal((Start.AddDays(3).AddHours(1), true), (Next() is var (info, at) ? at : default, info.IsPastDue));
    }

    [Fact]
    public async Task Timer_that_runs_often_does_not_wait_for_an_hour()
    {
        await using (StartTimer("0 */5 * * * *")) { }
        _time.SetUtcNow(Start.AddDays(3).AddMinutes(1));

        await using var timer = StartTimer("0 */5 * * * *");

        AdvanceTo(Start.AddDays(3).AddMinutes(5));
        Assert.Equal(Start.AddDays(3).AddMinutes(5), Next().At);
    }

    [Fact]
    public async Task Timer_runs_by_the_present_when_the_clock_was_ahead()
    {
        _time.Jump(TimeSpan.FromDays(2000));
        await using (StartTimer("0 0 * * * *")) { }
        _time.Jump(TimeSpan.FromDays(-2000));

        await using var timer = StartTimer("0 0 * * * *");

        AdvanceTo(Start.AddHours(1));
        Assert.Equal((Start.AddHours(1), false), (Next() is var (info, at) ? at : default, info.IsPastDue));
    }

    [Fact]
    public async Task Timer_that_ran_is_not_past_due_after_a_restart()
    {
        await using (StartTimer("0 */5 * * * *"))
        {
            AdvanceTo(Start.AddMinutes(5));
            Next();
        }

        _time.SetUtcNow(Start.AddMinutes(6));
        await using var timer = StartTimer("0 */5 * * * *");
        AdvanceTo(Start.AddMinutes(10));

        var (info, at) = Next();
        Assert.Equal((Start.AddMinutes(10), false), (at, info.IsPastDue));
        Assert.Equal(Start.AddMinutes(5).UtcDateTime, info.ScheduleStatus!.Last);
    }

    [Fact]
    public async Task Running_timer_follows_a_clock_that_is_set_back()
    {
        await using var timer = StartTimer("0 */5 * * * *");
        Rest();
        _time.Jump(TimeSpan.FromDays(-365));
        AdvanceTo(Start.AddDays(-365).AddMinutes(6));

        Assert.Equal(Start.AddDays(-365).AddMinutes(5), Next().At);
    }

    [Fact]
    public async Task Running_timer_waits_for_an_hour_when_the_clock_is_set_far_ahead()
    {
        await using var timer = StartTimer("0 0 3 * * *");
        Rest();
        _time.Jump(TimeSpan.FromDays(2000));
        AdvanceTo(_time.GetUtcNow().AddMinutes(59));
        Assert.Empty(_runs);

        _time.Jump(TimeSpan.FromDays(-2000));
        AdvanceTo(Start.AddHours(15));

        Assert.Equal(Start.AddHours(15), Next().At);
        Assert.Empty(_runs);
    }

    [Fact]
    public async Task Running_timer_runs_an_hour_after_a_long_sleep()
    {
        await using var timer = StartTimer("0 0 3 * * *");
        Rest();
        _time.Jump(TimeSpan.FromDays(4));
        AdvanceTo(Start.AddDays(4).AddMinutes(62));

        Assert.InRange(Next().At, Start.AddDays(4).AddMinutes(60), Start.AddDays(4).AddMinutes(62));
    }

    [Fact]
    public async Task Timer_forgets_a_missed_run_when_its_schedule_has_changed()
    {
        await using (StartTimer("0 0 3 * * *")) { }
        _time.SetUtcNow(Start.AddDays(3));

        await using var timer = StartTimer("0 */5 * * * *");
        AdvanceTo(Start.AddDays(3).AddMinutes(5));

        var (info, at) = Next();
        Assert.Equal((Start.AddDays(3).AddMinutes(5), false), (at, info.IsPastDue));
    }

    [Theory]
    [InlineData("0 0 3 * * *", false)]
    [InlineData("*/10 * * * * *", true)]
    public async Task Timer_forgets_missed_runs_when_it_is_not_monitored_or_runs_more_than_once_a_minute(string schedule, bool useMonitor)
    {
        await using (StartTimer(schedule, new TimerTriggerAttribute(schedule) { UseMonitor = useMonitor })) { }
        _time.SetUtcNow(Start.AddDays(3));

        await using var timer = StartTimer(schedule, new TimerTriggerAttribute(schedule) { UseMonitor = useMonitor });
        AdvanceTo(Start.AddDays(3).AddHours(15));

        var (info, at) = Next();
        Assert.True(at > Start.AddDays(3));
        Assert.False(info.IsPastDue);
        Assert.Null(info.ScheduleStatus);
    }

    [Fact]
    public async Task Timer_begins_anew_when_what_it_remembers_is_damaged()
    {
        await using (StartTimer("0 */5 * * * *")) { }
        await _database.WriteAsync(new Do(batch => batch.Put(TimerStatusStore.KeyOf("Tick"), "{"u8)));

        await using var timer = StartTimer("0 */5 * * * *");
        AdvanceTo(Start.AddMinutes(5));

        Assert.False(Next().Info.IsPastDue);
    }

    [Fact]
    public async Task Timer_runs_at_start_when_it_says_so()
    {
        await using var timer = StartTimer("0 0 3 * * *", new TimerTriggerAttribute("") { RunOnStartup = true });

        var (info, at) = Next();
        Assert.Equal((Start, false), (at, info.IsPastDue));
    }

    [Fact]
    public async Task Stop_waits_for_the_run_in_flight_and_starts_none()
    {
        var gate = new TaskCompletionSource();
        _body = _ => gate.Task;
        await using var timer = StartTimer("0 */5 * * * *");
        AdvanceTo(Start.AddMinutes(5));
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
        AdvanceTo(Start.AddMinutes(5));
        Next();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => timer.Listener.StopAsync(new CancellationToken(canceled: true)));

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private Running StartTimer(string schedule, TimerTriggerAttribute? attribute = null)
    {
        var function = new LocalFunction(
            "Tick",
            null!,
            attribute ?? new TimerTriggerAttribute(schedule),
            async (value, _, token) =>
            {
                _runs.Add(((TimerInfo)value, _time.GetUtcNow()), CancellationToken.None);
                var run = _body(token);
                if (run.IsCompleted)
                {
                    await run;
                    return null;
                }

                Interlocked.Increment(ref _inRun);
                try
                {
                    await run;
                    return null;
                }
                finally
                {
                    Interlocked.Decrement(ref _inRun);
                }
            }
        );
        var listener = new TimerListener(
            function,
            TimerSchedule.Parse(schedule, "Tick"),
            new TimerStatusStore(_database, "Tick"),
            _time,
            NullLogger<TimerListener>.Instance
        );
        listener.Start();
        return new Running(listener);
    }

    /// <summary>Moves the clock on in steps, letting the listener come to rest at each.</summary>
    private void AdvanceTo(DateTimeOffset target)
    {
        Rest();
        while (target - _time.GetUtcNow() is var left && left > TimeSpan.Zero)
        {
            _time.Advance(left < Step ? left : Step);
            Rest();
        }
    }

    private void Rest() =>
        Assert.True(SpinWait.SpinUntil(() => _time.PendingTimers > 0 || Volatile.Read(ref _inRun) > 0, TimeSpan.FromSeconds(20)));

    private (TimerInfo Info, DateTimeOffset At) Next() =>
        _runs.TryTake(out var run, TimeSpan.FromSeconds(20)) ? run : throw new TimeoutException("The timer did not run.");

    private sealed record Running(TimerListener Listener) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Listener.StopAsync(CancellationToken.None);
            Listener.Dispose();
        }
    }
}
