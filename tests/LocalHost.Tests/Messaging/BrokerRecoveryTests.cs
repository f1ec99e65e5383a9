using LocalHost.Messaging;

namespace LocalHost.Tests.Messaging;

public sealed class BrokerRecoveryTests : IDisposable
{
    private readonly TestBroker _broker = new();

    public void Dispose() => _broker.Dispose();

    [Fact]
    public async Task Acknowledged_messages_survive_a_crash_and_settled_ones_stay_settled()
    {
        await _broker.PutAsync("1", "2", "3", "4");
        var received = _broker.Receive(3);
        await _broker.Queue.CompleteAsync(received[0].LockToken);
        await _broker.Queue.DeadLetterAsync(received[1].LockToken, "Bad", "Very bad.");

        using var again = _broker.Crash();
        var waiting = again.Receive();
        Assert.Equal(["3", "4"], TestBroker.Bodies(waiting));
        Assert.Equal([received[2].SequenceNumber, received[2].SequenceNumber + 1], waiting.Select(message => message.SequenceNumber));
        var dead = again.ReceiveOne(again.DeadLetters);
        Assert.Equal("2", TestBroker.Body(dead));
        Assert.Equal("Bad", dead.DeadLetterReason);
        Assert.Equal("Very bad.", dead.DeadLetterErrorDescription);
    }

    [Fact]
    public async Task Delivery_that_ended_in_a_crash_is_counted()
    {
        await _broker.PutAsync("poison");
        Assert.Equal(1, _broker.ReceiveOne().DeliveryCount);
        await _broker.FlushAsync();
        using var second = _broker.Crash();
        Assert.Equal(2, second.ReceiveOne().DeliveryCount);
        await second.FlushAsync();
        using var third = second.Crash();
        Assert.Equal(3, third.ReceiveOne().DeliveryCount);
        await third.FlushAsync();

        using var last = third.Crash();
        await last.FlushAsync();
        Assert.Empty(last.Receive());
        Assert.Equal(BrokerQueue.MaxDeliveryCountExceeded, last.ReceiveOne(last.DeadLetters).DeadLetterReason);
    }

    [Fact]
    public async Task Scheduled_messages_survive_and_overdue_ones_are_received_at_once()
    {
        var now = _broker.Time.GetUtcNow();
        foreach (var minutes in new[] { 1, 2, 3 })
        {
            var message = TestBroker.Message($"{minutes}");
            message.ScheduledEnqueueTime = now.AddMinutes(minutes);
            await _broker.SendAsync("plain", message);
        }
        _broker.Time.Advance(TimeSpan.FromMinutes(1));
        await _broker.FlushAsync();
        _broker.Broker.Dispose();
        _broker.Time.Advance(TimeSpan.FromMinutes(1));
        using var again = _broker.Crash();

        var received = new List<ReceivedMessage>();
        while (received.Count < 2)
        {
            received.AddRange(await again.Queue.ReceiveAsync(10, CancellationToken.None));
        }

        Assert.Equal(["1", "2"], TestBroker.Bodies(received));
        Assert.Equal([now.AddMinutes(1), now.AddMinutes(2)], received.Select(message => message.EnqueuedTime));
        again.Time.Advance(TimeSpan.FromMinutes(1));
        await again.FlushAsync();
        Assert.Equal(["3"], TestBroker.Bodies(again.Receive()));
    }

    [Fact]
    public async Task Batch_is_stored_entirely_or_not_at_all_wherever_the_write_stopped()
    {
        await _broker.PutAsync("first");
        await _broker.PutAsync([.. Enumerable.Range(0, 5).Select(i => $"{i}")]);
        for (var cut = 1; cut < 200; cut += 7)
        {
            using var crashed = _broker.Crash(cut);
            Assert.Equal(["first"], TestBroker.Bodies(crashed.Receive()));
        }
        using var whole = _broker.Crash();
        Assert.Equal(6, whole.Receive().Count);
    }

    [Fact]
    public async Task Sequence_numbers_continue_after_everything_was_completed_and_compacted()
    {
        using var broker = new TestBroker(TestBroker.Small);
        var last = await broker.PutAsync("1", "2", "3");
        foreach (var message in broker.Receive())
        {
            await broker.Queue.CompleteAsync(message.LockToken);
        }

        await ChurnAsync(broker, "once");

        using var again = broker.Crash();
        Assert.Equal(last + 1, await again.PutAsync("4"));
    }

    [Fact]
    public async Task Live_messages_survive_compaction()
    {
        using var broker = new TestBroker(TestBroker.Small);
        var now = broker.Time.GetUtcNow();
        var scheduled = TestBroker.Message("scheduled");
        scheduled.ScheduledEnqueueTime = now.AddMinutes(1);
        await broker.SendAsync("plain", scheduled);
        var later = TestBroker.Message("later");
        later.ScheduledEnqueueTime = now.AddMinutes(30);
        await broker.SendAsync("plain", later);
        await broker.PutAsync("dead", "counted", "held", "waiting");
        await broker.SendAsync("once", TestBroker.Message("completed", "id"));
        await broker.Broker.GetQueue("once").CompleteAsync(broker.ReceiveOne(broker.Broker.GetQueue("once")).LockToken);
        var received = broker.Receive(3);
        await broker.Queue.DeadLetterAsync(received[0].LockToken, "Bad", null);
        await broker.Queue.AbandonAsync(received[1].LockToken);
        broker.Time.Advance(TimeSpan.FromMinutes(1));

        await ChurnAsync(broker, "once");
        await broker.Queue.CompleteAsync(received[2].LockToken);
        using var again = broker.Crash();
        await AssertLivesAsync(again);
        await AssertLivesAsync(broker);
    }

    [Fact]
    public async Task Compaction_restores_no_older_version_of_a_message()
    {
        using var broker = new TestBroker(TestBroker.Small);
        await broker.PutAsync("x");
        await ChurnAsync(broker, "once");
        await broker.Queue.DeadLetterAsync(broker.ReceiveOne().LockToken, "Bad", null);
        await ChurnAsync(broker, "once");

        using var again = broker.Crash();
        Assert.Equal("Bad", again.ReceiveOne(again.DeadLetters).DeadLetterReason);
        Assert.Equal("Bad", broker.ReceiveOne(broker.DeadLetters).DeadLetterReason);
    }

    private static async Task AssertLivesAsync(TestBroker broker)
    {
        var waiting = broker.Receive();
        Assert.Equal(["counted", "waiting", "scheduled"], TestBroker.Bodies(waiting));
        Assert.Equal([2, 1, 1], waiting.Select(message => message.DeliveryCount));
        Assert.Equal("Bad", broker.ReceiveOne(broker.DeadLetters).DeadLetterReason);
        await broker.SendAsync("once", TestBroker.Message("again", "id"));
        Assert.Empty(broker.Broker.GetQueue("once").Receive(10));
    }

    /// <summary>Fills and empties a queue until the first table files have been compacted.</summary>
    private static async Task ChurnAsync(TestBroker broker, string queue)
    {
        var first = OldestFile(broker);
        for (var rounds = 0; rounds < 100 || OldestFile(broker) == first; rounds++)
        {
            await broker.SendAsync(queue, TestBroker.Message(new('x', 10_000)));
            await broker.Broker.GetQueue(queue).CompleteAsync(broker.ReceiveOne(broker.Broker.GetQueue(queue)).LockToken);
        }
    }

    private static string OldestFile(TestBroker broker) =>
        Directory.GetFiles(broker.Folder, "*.sst").Order(StringComparer.Ordinal).FirstOrDefault("");
}
