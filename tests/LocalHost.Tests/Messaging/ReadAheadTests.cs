namespace LocalHost.Tests.Messaging;

/// <summary>More messages wait than memory holds.</summary>
public sealed class ReadAheadTests : IDisposable
{
    private static readonly int s_many = (TestBroker.Plain.ReadAhead * 2) + 500;

    private readonly TestBroker _broker = new();
    private int _sent;

    public void Dispose() => _broker.Dispose();

    [Fact]
    public async Task Messages_are_received_in_order_from_memory_and_disk()
    {
        await SendAsync(_broker, s_many);
        Assert.Equal(Bodies(0, 700), TestBroker.Bodies(_broker.Receive(700)));
        await SendAsync(_broker, 10);
        Assert.Equal(Bodies(700, s_many - 700), TestBroker.Bodies(_broker.Receive(s_many - 700)));
        Assert.Equal(Bodies(s_many, 10), TestBroker.Bodies(_broker.Receive(s_many)));
        await SendAsync(_broker, 10);
        Assert.Equal(Bodies(s_many + 10, 10), TestBroker.Bodies(_broker.Receive(s_many)));
        Assert.Equal((s_many + 20, 0), (_broker.Queue.LockedCount, _broker.Queue.ReadyCount));
    }

    [Fact]
    public async Task Abandoned_message_is_received_before_those_on_disk()
    {
        await SendAsync(_broker, s_many);
        var received = _broker.Receive(TestBroker.Plain.ReadAhead + 10);
        await _broker.Queue.AbandonAsync(received[5].LockToken);
        Assert.Equal(["5", .. Bodies(received.Count, 3)], TestBroker.Bodies(_broker.Receive(4)));
    }

    [Fact]
    public async Task Restart_continues_after_completed_messages()
    {
        await SendAsync(_broker, s_many);
        foreach (var message in _broker.Receive(s_many - 100))
        {
            await _broker.Queue.CompleteAsync(message.LockToken);
        }

        await _broker.FlushAsync();
        using var again = _broker.Crash();
        Assert.InRange(again.Broker.Entities.First().State.Head, s_many - 100, s_many - 99);
        Assert.Equal(100, again.Queue.ReadyCount);
        Assert.Equal(Bodies(s_many - 100, 100), TestBroker.Bodies(again.Receive(s_many)));
    }

    [Fact]
    public async Task Restart_finds_a_message_that_was_locked_while_later_ones_were_completed()
    {
        await SendAsync(_broker, 50);
        var received = _broker.Receive(50);
        foreach (var message in received.Where((_, i) => i != 20))
        {
            await _broker.Queue.CompleteAsync(message.LockToken);
        }

        using var again = _broker.Crash();
        Assert.Equal(["20"], TestBroker.Bodies(again.Receive()));
        Assert.Equal((1, 0, 0), again.Broker.Entities.First().Count());
    }

    [Fact]
    public async Task Concurrent_receivers_and_senders_miss_nothing()
    {
        using var stop = new CancellationTokenSource();
        var received = new System.Collections.Concurrent.ConcurrentBag<string>();
        var receivers = Enumerable
            .Range(0, 3)
            .Select(_ =>
                Task.Run(async () =>
                {
                    while (!stop.IsCancellationRequested)
                    {
                        var messages = await _broker.Queue.ReceiveAsync(50, stop.Token);
                        await Task.WhenAll(messages.Select(message => _broker.Queue.CompleteAsync(message.LockToken).AsTask()));
                        foreach (var message in messages)
                        {
                            received.Add(TestBroker.Body(message));
                        }

                        if (received.Count == 20_000)
                        {
                            await stop.CancelAsync();
                        }
                    }
                })
            )
            .ToArray();
        // Bursts that don't fit into memory, and single messages that do.
        for (var i = 0; i < 10; i++)
        {
            await SendAsync(_broker, 1990);
            await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => SendAsync(_broker, 1)));
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(receivers).WaitAsync(TimeSpan.FromMinutes(2)));
        Assert.Equal(20_000, received.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(20_000, received.Count);
        Assert.Equal((0, 0, 0), _broker.Broker.Entities.First().Count());
    }

    private Task<long> SendAsync(TestBroker broker, int count) =>
        broker.PutAsync([.. Bodies(Interlocked.Add(ref _sent, count) - count, count)]);

    private static string[] Bodies(int start, int count) => [.. Enumerable.Range(start, count).Select(i => $"{i}")];
}
