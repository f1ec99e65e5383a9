using System.Collections.Concurrent;
using LocalHost.Functions;
using LocalHost.Storage;
using LocalHost.Tests.Storage;
using LocalHost.Triggers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging.Abstractions;

namespace LocalHost.Tests.Triggers;

public abstract class TimerListenerTestBase : IDisposable
{
    private protected static readonly DateTimeOffset s_start = new(2025, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly TimeSpan s_step = TimeSpan.FromMinutes(1);

    private readonly TemporaryFolder _folder = new();
    private protected readonly Database _database;
    private protected readonly TestClock _time = new(s_start);
    private protected readonly BlockingCollection<(TimerInfo Info, DateTimeOffset At)> _runs = [];
    private int _inRun;
    private protected Func<CancellationToken, Task> _body = _ => Task.CompletedTask;

    private protected TimerListenerTestBase() => _database = TestDatabase.Open(_folder.Path);

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
        _runs.Dispose();
    }

    private protected Running StartTimer(string schedule, TimerTriggerAttribute? attribute = null)
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

    /// <summary>Advances the clock in steps and waits at each until the listener is idle.</summary>
    private protected void AdvanceTo(DateTimeOffset target)
    {
        WaitUntilIdle();
        while (target - _time.GetUtcNow() is var left && left > TimeSpan.Zero)
        {
            _time.Advance(left < s_step ? left : s_step);
            WaitUntilIdle();
        }
    }

    private protected void WaitUntilIdle() =>
        Assert.True(SpinWait.SpinUntil(() => _time.PendingTimers > 0 || Volatile.Read(ref _inRun) > 0, TimeSpan.FromSeconds(20)));

    private protected (TimerInfo Info, DateTimeOffset At) Next() =>
        _runs.TryTake(out var run, TimeSpan.FromSeconds(20)) ? run : throw new TimeoutException("The timer did not run.");

    private protected sealed record Running(TimerListener Listener) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Listener.StopAsync(CancellationToken.None);
            Listener.Dispose();
        }
    }
}
