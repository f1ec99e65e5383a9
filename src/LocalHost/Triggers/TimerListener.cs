using LocalHost.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace LocalHost.Triggers;

/// <summary>
/// Runs a function on its schedule, never twice at once: what falls due during a run follows as one run right after it. With
/// <see cref="TimerTriggerAttribute.UseMonitor"/> the next run is remembered, and one that was missed while the host was down happens at
/// start, past due; as on the Functions host that doesn't go for schedules with more than one run a minute.
/// </summary>
internal sealed partial class TimerListener(
    LocalFunction function,
    TimerSchedule schedule,
    TimerStatusStore store,
    TimeProvider time,
    ILogger<TimerListener> logger
) : TriggerListener
{
    /// <summary>
    /// The clock is looked at this often, so that a machine that slept, or a clock that was set, delays a run by no more.
    /// </summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LongPastDue = TimeSpan.FromDays(2);
    private static readonly TimeSpan WaitIfLongPastDue = TimeSpan.FromHours(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoning = new();
    private Task _running = Task.CompletedTask;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _running = RunAsync((TimerTriggerAttribute)function.Binding);
        return Task.CompletedTask;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        try
        {
            await _running.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await _abandoning.CancelAsync();
            throw;
        }
    }

    public override void Dispose()
    {
        _stopping.Dispose();
        _abandoning.Dispose();
        base.Dispose();
    }

    private async Task RunAsync(TimerTriggerAttribute trigger)
    {
        // Off the starting thread: the first run may be due at once.
        await Task.Yield();
        var start = time.GetUtcNow();
        var monitor = trigger.UseMonitor && !RunsMoreThanOnceAMinute(start);
        var status = monitor ? await RestoreAsync(start) : null;
        var next = FirstRun(status, start);
        var isPastDue = status is not null && Utc(status.Next) < start;
        if (trigger.RunOnStartup && !isPastDue)
        {
            next = start;
        }

        try
        {
            while (next is { } due)
            {
                await WaitUntilAsync(due);
                var began = time.GetUtcNow();
                await RunOnceAsync(new TimerInfo { IsPastDue = isPastDue, ScheduleStatus = status });
                isPastDue = false;
                next = schedule.NextAfter(began);
                status = monitor && next is { } following ? await RememberAsync(began, following, began) : null;
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return;
        }

        Log.NeverFires(logger, function.Name, schedule);
    }

    /// <summary>
    /// The next run that is remembered, or what the schedule says if that is earlier: a clock that was ahead has remembered one that is far
    /// away. A run that was missed long ago waits for an hour, so that a clock that is ahead now can be set right before anything expires
    /// by it.
    /// </summary>
    private DateTimeOffset? FirstRun(ScheduleStatus? status, DateTimeOffset start)
    {
        var scheduled = schedule.NextAfter(start);
        if (status is null || IsFarAhead(Utc(status.Next), start))
        {
            return scheduled;
        }

        var remembered = Utc(status.Next);
        return start - remembered > LongPastDue ? AfterLongPause(start) : remembered;
    }

    /// <summary>The run after one that was missed long ago.</summary>
    private DateTimeOffset? AfterLongPause(DateTimeOffset now)
    {
        var scheduled = schedule.NextAfter(now);
        var isFrequent = scheduled is { } first && schedule.NextAfter(first) - first < WaitIfLongPastDue;
        return isFrequent ? scheduled : now + WaitIfLongPastDue;
    }

    /// <summary>
    /// Whether a run is so far away that the clock must have been set back. The run after the next can be: the next may just have been.
    /// </summary>
    private bool IsFarAhead(DateTimeOffset due, DateTimeOffset now) =>
        schedule.NextAfter(now) is { } next && schedule.NextAfter(next) is { } following && due > following;

    private async Task WaitUntilAsync(DateTimeOffset due)
    {
        _stopping.Token.ThrowIfCancellationRequested();
        while (time.GetUtcNow() is var now && due > now)
        {
            if (IsFarAhead(due, now))
            {
                due = schedule.NextAfter(now)!.Value;
            }

            var wait = due - now;
            await Task.Delay(wait < LongestWait ? wait : LongestWait, time, _stopping.Token);
            now = time.GetUtcNow();
            if (now - due > LongPastDue && AfterLongPause(now) is { } later)
            {
                // The clock was set forward, or the machine slept for days.
                due = later;
            }
        }
    }

    private async Task RunOnceAsync(TimerInfo info)
    {
        try
        {
            await function.Invoke(info, default, _abandoning.Token);
        }
        catch (Exception)
        {
            // Logged where it was thrown; the schedule continues.
        }
    }

    /// <summary>What is remembered, unless the schedule has changed since.</summary>
    private async Task<ScheduleStatus?> RestoreAsync(DateTimeOffset now)
    {
        if (store.Read() is { } status)
        {
            var basis = status.Last == default ? status.LastUpdated : status.Last;
            if (schedule.NextAfter(Utc(basis)) == Utc(status.Next))
            {
                return status;
            }
        }

        return schedule.NextAfter(now) is { } next ? await RememberAsync(null, next, now) : null;
    }

    private async Task<ScheduleStatus> RememberAsync(DateTimeOffset? last, DateTimeOffset next, DateTimeOffset now)
    {
        var status = new ScheduleStatus
        {
            Last = last?.UtcDateTime ?? default,
            Next = next.UtcDateTime,
            LastUpdated = now.UtcDateTime,
        };
        try
        {
            await store.WriteAsync(status);
        }
        catch (Exception exception) when (exception is StorageUnavailableException or ObjectDisposedException)
        {
            Log.NotRemembered(logger, exception, function.Name);
        }

        return status;
    }

    private bool RunsMoreThanOnceAMinute(DateTimeOffset now) =>
        schedule.NextAfter(now) is { } first && schedule.NextAfter(first) is { } second && second < now.AddMinutes(1);

    private static DateTimeOffset Utc(DateTime value) => new(DateTime.SpecifyKind(value, DateTimeKind.Utc));

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Function}: the schedule '{Schedule}' has no further run")]
        public static partial void NeverFires(ILogger logger, string function, TimerSchedule schedule);

        [LoggerMessage(2, LogLevel.Warning, "{Function}: its last run could not be remembered")]
        public static partial void NotRemembered(ILogger logger, Exception exception, string function);
    }
}
