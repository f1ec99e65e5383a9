using LocalHost.Messaging;

namespace LocalHost.Tests.Messaging;

public sealed class DuplicateDetectionTests : IDisposable
{
    private readonly TestBroker _broker = new();

    private BrokerQueue Once => _broker.Broker.GetQueue("once");

    public void Dispose() => _broker.Dispose();

    [Fact]
    public async Task Duplicate_is_dropped_silently()
    {
        await SendAsync("1", "a");
        await SendAsync("2", "a");
        await SendAsync("3", "b");
        Assert.Equal(["1", "3"], TestBroker.Bodies(Once.Receive(10)));
    }

    [Fact]
    public async Task Duplicate_is_dropped_when_the_first_was_completed()
    {
        await SendAsync("1", "a");
        await Once.CompleteAsync(_broker.ReceiveOne(Once).LockToken);
        await SendAsync("2", "a");
        Assert.Empty(Once.Receive(10));
    }

    [Fact]
    public async Task Same_id_is_accepted_again_when_the_window_has_passed()
    {
        await SendAsync("1", "a");
        _broker.Time.Advance(TestBroker.Once.DuplicateDetectionHistoryTimeWindow - TimeSpan.FromMilliseconds(1));
        await SendAsync("2", "a");
        _broker.Time.Advance(TimeSpan.FromMilliseconds(1));
        await SendAsync("3", "a");
        Assert.Equal(["1", "3"], TestBroker.Bodies(Once.Receive(10)));
    }

    [Fact]
    public async Task Duplicates_within_a_batch_are_dropped_and_the_rest_is_sent()
    {
        await SendAsync("0", "a");
        await _broker.SendAsync(
            "once",
            TestBroker.Message("1", "b"),
            TestBroker.Message("2", "a"),
            TestBroker.Message("3", "b"),
            TestBroker.Message("4"),
            TestBroker.Message("5", "c")
        );
        Assert.Equal(["0", "1", "4", "5"], TestBroker.Bodies(Once.Receive(10)));
    }

    [Fact]
    public async Task Messages_without_id_are_never_duplicates()
    {
        await _broker.SendAsync("once", TestBroker.Message("1"), TestBroker.Message("2"));
        Assert.Equal(2, Once.Receive(10).Count);
    }

    [Fact]
    public async Task Queue_without_duplicate_detection_accepts_duplicates()
    {
        await _broker.SendAsync("plain", TestBroker.Message("1", "a"), TestBroker.Message("2", "a"));
        Assert.Equal(2, _broker.Receive().Count);
    }

    [Fact]
    public async Task History_outlives_a_restart_a_crash_and_the_message()
    {
        await SendAsync("1", "a");
        await SendAsync("2", "b");
        await Once.CompleteAsync(_broker.ReceiveOne(Once).LockToken);

        using var crashed = _broker.Crash();
        using var again = crashed.Restart();
        await again.SendAsync("once", TestBroker.Message("3", "a"), TestBroker.Message("4", "b"), TestBroker.Message("5", "c"));
        Assert.Equal(["2", "5"], TestBroker.Bodies(again.Broker.GetQueue("once").Receive(10)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void History_behaves_like_a_dictionary(int seed)
    {
        var random = new Random(seed);
        var window = TimeSpan.FromSeconds(10);
        var now = new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var history = new DuplicateHistory(window);
        var model = new Dictionary<int, DateTimeOffset>();
        for (var i = 0; i < 20_000; i++)
        {
            now += TimeSpan.FromMilliseconds(random.Next(4));
            var id = random.Next(3000);
            var isNew = !model.TryGetValue(id, out var added) || added + window <= now;
            if (isNew)
            {
                model[id] = now;
            }

            Assert.Equal(isNew, history.TryAdd(DuplicateKey.Of($"{id}"), now));
            Assert.Null(history.Trim(now));
        }
        Assert.InRange(history.Count, 1, 12_000);
    }

    [Fact]
    public void Full_history_drops_the_oldest_ids_and_logs_a_warning()
    {
        var now = new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var history = new DuplicateHistory(TimeSpan.FromHours(1), capacity: 1000);
        long forgotten = 0;
        for (var i = 0; i < 1500; i++)
        {
            Assert.True(history.TryAdd(DuplicateKey.Of($"{i}"), now.AddSeconds(i / 100)));
            forgotten = history.Trim(now.AddSeconds(i / 100)) ?? forgotten;
        }

        Assert.InRange(forgotten, now.AddSeconds(4).UtcTicks, now.AddSeconds(8).UtcTicks);

        Assert.InRange(history.Count, 700, 1000);
        Assert.False(history.TryAdd(DuplicateKey.Of("1499"), now.AddSeconds(15)));
        Assert.False(history.TryAdd(DuplicateKey.Of("900"), now.AddSeconds(15)));
        Assert.True(history.TryAdd(DuplicateKey.Of("0"), now.AddSeconds(15)));
    }

    [Fact]
    public void Removed_id_is_accepted_again()
    {
        var now = new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var history = new DuplicateHistory(TimeSpan.FromHours(1));
        for (var i = 0; i < 1000; i++)
        {
            history.TryAdd(DuplicateKey.Of($"{i}"), now);
        }

        for (var i = 0; i < 1000; i += 2)
        {
            history.Remove(DuplicateKey.Of($"{i}"));
        }

        Assert.Equal(
            Enumerable.Range(0, 1000).Select(i => i % 2 == 0),
            Enumerable.Range(0, 1000).Select(i => history.TryAdd(DuplicateKey.Of($"{i}"), now))
        );
        Assert.False(history.TryAdd(DuplicateKey.Of("0"), now));
    }

    private Task<long> SendAsync(string body, string id) => _broker.SendAsync("once", TestBroker.Message(body, id));
}
