using EventSubscriptions.Storage;

namespace EventSubscriptions.Tests.Storage;

public sealed class ExpiringCacheTests
{
    private static readonly TimeSpan s_lifetime = TimeSpan.FromSeconds(5);

    private readonly TestClock _clock = new(DateTimeOffset.UnixEpoch);
    private int _loads;

    [Fact]
    public async Task Value_is_loaded_again_when_it_is_too_old()
    {
        var cache = Cache();

        Assert.Equal("a1", await GetAsync(cache, "a"));
        _clock.Advance(s_lifetime - TimeSpan.FromTicks(1));
        Assert.Equal("a1", await GetAsync(cache, "a"));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal("a2", await GetAsync(cache, "a"));
    }

    [Fact]
    public async Task Age_counts_from_the_start_of_the_load()
    {
        var cache = Cache();
        var slow = new TaskCompletionSource<string?>();

        var first = cache.GetAsync("a", slow, (_, source) => source.Task, default);
        _clock.Advance(s_lifetime);
        slow.SetResult("old");

        Assert.Equal("old", await first);
        Assert.Equal("a1", await GetAsync(cache, "a"));
    }

    [Fact]
    public async Task Concurrent_misses_share_one_load()
    {
        var cache = Cache();
        var slow = new TaskCompletionSource<string?>();

        var all = Enumerable.Range(0, 50).Select(_ => cache.GetAsync("a", 0, (_, _) => Load(), default).AsTask()).ToList();
        slow.SetResult(null);

        Assert.All(await Task.WhenAll(all), Assert.Null);
        Assert.Equal(1, _loads);
        async Task<string?> Load()
        {
            _loads++;
            return await slow.Task;
        }
    }

    [Fact]
    public async Task Failed_load_is_not_kept()
    {
        var cache = Cache();

        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            cache.GetAsync("a", 0, (_, _) => Task.FromException<string?>(new InvalidOperationException()), default).AsTask()
        );

        Assert.Equal("a1", await GetAsync(cache, "a"));
    }

    [Fact]
    public async Task Cancellation_ends_one_wait_but_not_the_load()
    {
        var cache = Cache();
        var slow = new TaskCompletionSource<string?>();
        using var leaving = new CancellationTokenSource();

        var one = cache.GetAsync("a", slow, (_, source) => source.Task, leaving.Token).AsTask();
        var other = cache.GetAsync("a", slow, (_, source) => source.Task, default).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        slow.SetResult("value");

        Assert.Equal("value", await other);
    }

    [Fact]
    public async Task Removed_value_is_loaded_again()
    {
        var cache = Cache();
        await GetAsync(cache, "a");

        cache.Remove("a");

        Assert.Equal("a2", await GetAsync(cache, "a"));
    }

    [Fact]
    public async Task Cache_stays_bounded()
    {
        var cache = Cache();
        for (var i = 0; i < 1000; i++)
        {
            await GetAsync(cache, $"{i}");
            Assert.True(cache.Count <= 11);
        }
    }

    private ExpiringCache<string, string?> Cache() => new(s_lifetime, 10, _clock);

    private ValueTask<string?> GetAsync(ExpiringCache<string, string?> cache, string key) =>
        cache.GetAsync(key, 0, (asked, _) => Task.FromResult<string?>($"{asked}{++_loads}"), default);
}
