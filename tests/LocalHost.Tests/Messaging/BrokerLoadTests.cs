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
        using var broker = new TestBroker();
        await SendAsync(broker, 0, 5_000);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await SendAsync(broker, 5_000, 50_000);
        var perMessage = (GC.GetTotalMemory(forceFullCollection: true) - before) / 50_000;

        // The hash of its message id.
        Assert.InRange(perMessage, 1, 50);
        Assert.Equal(55_000, broker.Broker.GetQueue("once").ReadyCount);
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
