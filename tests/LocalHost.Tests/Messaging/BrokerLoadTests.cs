using System.Collections.Concurrent;

namespace LocalHost.Tests.Messaging;

[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>What needs the process to itself, since memory is counted for the whole of it.</summary>
[Collection(nameof(Alone))]
public sealed class BrokerLoadTests
{
    [Fact]
    public async Task Nothing_is_lost_or_delivered_twice_while_files_are_compacted_under_load()
    {
        using var broker = new TestBroker(TestBroker.Small);
        const int Senders = 4,
            Each = 1500;
        var received = new ConcurrentBag<string>();
        var senders = Enumerable
            .Range(0, Senders)
            .Select(sender =>
                Task.Run(async () =>
                {
                    for (var i = 0; i < Each; i += 3)
                    {
                        await broker.PutAsync([.. Enumerable.Range(i, 3).Select(n => $"{sender}-{n}-{new string('x', 200)}")]);
                    }
                })
            )
            .ToArray();
        using var stop = new CancellationTokenSource();
        var receivers = Enumerable
            .Range(0, 3)
            .Select(_ =>
                Task.Run(async () =>
                {
                    while (!stop.IsCancellationRequested)
                    {
                        foreach (var message in await broker.Queue.ReceiveAsync(20, stop.Token))
                        {
                            // One in ten is looked at twice.
                            if (message.DeliveryCount == 1 && message.SequenceNumber % 10 == 0)
                            {
                                await broker.Queue.AbandonAsync(message.LockToken);
                                continue;
                            }
                            await broker.Queue.CompleteAsync(message.LockToken);
                            received.Add(TestBroker.Body(message));
                            if (received.Count == Senders * Each)
                            {
                                await stop.CancelAsync();
                            }
                        }
                    }
                })
            )
            .ToArray();

        await Task.WhenAll(senders).WaitAsync(TimeSpan.FromMinutes(2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(receivers).WaitAsync(TimeSpan.FromMinutes(2)));
        Assert.Equal(Senders * Each, received.Distinct(StringComparer.Ordinal).Count());

        using var again = broker.Crash();
        Assert.Empty(again.Receive());
        Assert.Empty(again.DeadLetters.Receive(1));
    }

    [Fact]
    public async Task Waiting_message_takes_at_most_50_bytes_of_memory()
    {
        const int Rounds = 3,
            Each = 20_000;
        using var broker = new TestBroker();
        await SendAsync(broker, 0, 5_000);
        List<long> perMessage = [];
        for (var round = 0; round < Rounds; round++)
        {
            var before = SettledMemory();
            await SendAsync(broker, 5_000 + (round * Each), Each);
            perMessage.Add((SettledMemory() - before) / Each);
        }

        // The hash of its message id, in a set that grows by steps. In a round the runtime may release what other tests have left, or
        // allocate for itself.
        Assert.True(perMessage.Order().ElementAt(Rounds / 2) <= 50, string.Join(", ", perMessage));
        Assert.Equal(5_000 + (Rounds * Each), broker.Broker.GetQueue("once").ReadyCount);
    }

    [Fact]
    public async Task Large_messages_are_not_all_in_memory()
    {
        const int Count = 100,
            Length = 200_000;
        using var broker = new TestBroker();
        var before = SettledMemory();
        for (var i = 0; i < Count; i++)
        {
            await broker.PutAsync(new string('x', Length));
        }

        Assert.True(SettledMemory() - before < Count * Length * 0.6);
        Assert.Equal(Count, broker.Receive(200).Count);
    }

    /// <summary>The memory in use, once pools and finalizers have released what they don't need.</summary>
    private static long SettledMemory()
    {
        var memory = GC.GetTotalMemory(forceFullCollection: true);
        for (var tries = 0; tries < 10; tries++)
        {
            GC.WaitForPendingFinalizers();
            var now = GC.GetTotalMemory(forceFullCollection: true);
            if (Math.Abs(now - memory) < 64 * 1024)
            {
                return now;
            }

            memory = now;
        }

        return memory;
    }

    private static async Task SendAsync(TestBroker broker, int start, int count)
    {
        for (var i = start; i < start + count; i += 100)
        {
            await broker.SendAsync(
                "once",
                [.. Enumerable.Range(i, 100).Select(n => TestBroker.Message(new string('x', 400), $"message-{n}"))]
            );
        }
    }
}
