using System.Diagnostics;

namespace TestSupport.App;

/// <summary>
/// Waiting for what another process does: a condition is polled until it holds, and a deadline that is missed says what was missing.
/// </summary>
internal static class Eventually
{
    /// <summary>Far beyond what any step takes; only a failing test waits that long.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    /// <summary>What one look counts at most: the app doesn't run either while the whole machine stands still.</summary>
    private static readonly TimeSpan s_longestLook = TimeSpan.FromSeconds(1);

    public static async Task Until(Func<bool> condition, Func<string> otherwise, TimeSpan? deadline = null) =>
        await Until(() => Task.FromResult(condition()), otherwise, deadline);

    public static async Task Until(Func<Task<bool>> condition, Func<string> otherwise, TimeSpan? deadline = null)
    {
        var limit = deadline ?? Deadline;
        var (waited, watch) = (TimeSpan.Zero, Stopwatch.StartNew());
        while (!await condition())
        {
            Assert.True(waited < limit, $"Not within {limit}: {otherwise()}");
            await Task.Delay(s_pause);
            waited += watch.Elapsed < s_longestLook ? watch.Elapsed : s_longestLook;
            watch.Restart();
        }
    }

    /// <summary>Waits until no queue holds a message, ready, under way, scheduled or given up: whatever was published is through.</summary>
    public static async Task QueuesAreEmpty(AppProcess app) =>
        await Get(
            () => AppQueues.Of(app.AsAdmin()),
            queues => queues.All(queue => queue.IsEmpty),
            queues => "empty queues: " + string.Join(", ", queues)
        );

    /// <summary>Asks until the response is as wanted, and returns it.</summary>
    public static async Task<T> Get<T>(Func<Task<T>> ask, Func<T, bool> wanted, Func<T, string> otherwise, TimeSpan? deadline = null)
    {
        T response = default!;
        await Until(async () => wanted(response = await ask()), () => otherwise(response), deadline);
        return response;
    }
}
