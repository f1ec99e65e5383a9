using LocalHost.Functions;
using LocalHost.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace LocalHost.Triggers;

/// <summary>
/// Invokes a function on its schedule, one run at a time: runs that are due during a run follow as one run after it. With
/// <see cref="TimerTriggerAttribute.UseMonitor"/> the next run is stored, and a run that was missed while the host was down starts with the
/// host, past due. As on the Functions host, this excludes schedules with more than one run per minute.
/// </summary>
internal sealed partial class TimerListener(
    LocalFunction function,
    TimerSchedule schedule,
    TimerStatusStore store,
    TimeProvider time,
    ILogger<TimerListener> logger
) : TriggerListener
{
    // The clock is checked this often, so that setting the clock or suspending the machine delays a run by no more.
    private static readonly TimeSpan s_maxWait = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan s_longPastDue = TimeSpan.FromDays(2);
    private static readonly TimeSpan s_longPastDueDelay = TimeSpan.FromHours(1);

    protected override async Task RunAsync()
    {
        var trigger = (TimerTriggerAttribute)function.Binding;
        var start = time.GetUtcNow();
        var useMonitor = trigger.UseMonitor && !RunsMoreThanOnceAMinute(start);
        var status = useMonitor ? await RestoreAsync(start) : null;
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
                status = useMonitor && next is { } following ? await StoreAsync(began, following, began) : null;
            }
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
        {
            return;
        }

        Log.NoFurtherRun(logger, schedule, function.Name);
    }

    /// <summary>
    /// The next run. One that is long past due is delayed by an hour, so that a clock that is ahead can be corrected before anything expires
    /// because of it.
    /// </summary>
    private DateTimeOffset? FirstRun(ScheduleStatus? status, DateTimeOffset start)
    {
        if (status is null)
        {
            return schedule.NextAfter(start);
        }

        var stored = Utc(status.Next);
        return start - stored > s_longPastDue ? DelayLongPastDue(start) : stored;
    }

    /// <summary>When to start a run that is long past due.</summary>
    private DateTimeOffset? DelayLongPastDue(DateTimeOffset now)
    {
        var scheduled = schedule.NextAfter(now);
        var isFrequent = scheduled is { } first && schedule.NextAfter(first) - first < s_longPastDueDelay;
        return isFrequent ? scheduled : now + s_longPastDueDelay;
    }

    /// <summary>
    /// Whether a run is so far in the future that the clock must have been set back: later than the run after the next, because the next
    /// may just have started.
    /// </summary>
    private bool IsFarAhead(DateTimeOffset due, DateTimeOffset now) =>
        schedule.NextAfter(now) is { } next && schedule.NextAfter(next) is { } following && due > following;

    private async Task WaitUntilAsync(DateTimeOffset due)
    {
        Stopping.ThrowIfCancellationRequested();
        while (time.GetUtcNow() is var now && due > now)
        {
            if (IsFarAhead(due, now))
            {
                due = schedule.NextAfter(now)!.Value;
            }

            var wait = due - now;
            await Task.Delay(wait < s_maxWait ? wait : s_maxWait, time, Stopping);
            now = time.GetUtcNow();
            if (now - due > s_longPastDue && DelayLongPastDue(now) is { } later)
            {
                // The clock was set forward, or the machine was suspended for days.
                due = later;
            }
        }
    }

    private async Task RunOnceAsync(TimerInfo info)
    {
        try
        {
            await function.Invoke(info, default, Aborting);
        }
        catch (Exception)
        {
            // Already logged; the schedule continues.
        }
    }

    /// <summary>The stored status, unless the schedule has changed.</summary>
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

        return schedule.NextAfter(now) is { } next ? await StoreAsync(null, next, now) : null;
    }

    private async Task<ScheduleStatus> StoreAsync(DateTimeOffset? last, DateTimeOffset next, DateTimeOffset now)
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
            Log.NotStored(logger, exception, function.Name);
        }

        return status;
    }

    private bool RunsMoreThanOnceAMinute(DateTimeOffset now) =>
        schedule.NextAfter(now) is { } first && schedule.NextAfter(first) is { } second && second < now.AddMinutes(1);

    private static DateTimeOffset Utc(DateTime value) => new(DateTime.SpecifyKind(value, DateTimeKind.Utc));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The schedule '{Schedule}' of {Function} has no further run.")]
        public static partial void NoFurtherRun(ILogger logger, TimerSchedule schedule, string function);

        [LoggerMessage(LogLevel.Warning, "Could not store the last run of {Function}; it may run again after a restart.")]
        public static partial void NotStored(ILogger logger, Exception exception, string function);
    }
}
