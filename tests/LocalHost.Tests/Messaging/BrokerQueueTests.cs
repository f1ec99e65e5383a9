using System.Runtime.Serialization;
using LocalHost.Messaging;

namespace LocalHost.Tests.Messaging;

public sealed class BrokerQueueTests : IDisposable
{
    private readonly TestBroker _broker = new();

    public void Dispose() => _broker.Dispose();

    [Fact]
    public async Task Message_is_received_with_all_its_properties()
    {
        var message = TestBroker.Message("body", "id-1");
        message.ContentType = "application/json";
        message.Properties["text"] = "über";
        message.Properties["number"] = 42L;
        message.Properties["time"] = new DateTimeOffset(2025, 3, 4, 5, 6, 7, TimeSpan.FromHours(2));
        await _broker.SendAsync("plain", message);

        var received = _broker.ReceiveOne();
        Assert.Equal("body", TestBroker.Body(received));
        Assert.Equal("id-1", received.MessageId);
        Assert.Equal("application/json", received.ContentType);
        Assert.Equal("über", received.Properties["text"]);
        Assert.Equal(42L, received.Properties["number"]);
        Assert.Equal(new DateTimeOffset(2025, 3, 4, 3, 6, 7, TimeSpan.Zero), received.Properties["time"]);
        Assert.Equal(1, received.DeliveryCount);
        Assert.Equal(1, received.SequenceNumber);
        Assert.Equal(_broker.Time.GetUtcNow(), received.EnqueuedTime);
        Assert.Equal(_broker.Time.GetUtcNow() + TestBroker.Plain.LockDuration, received.LockedUntil);
        Assert.Null(received.DeadLetterReason);
    }

    [Fact]
    public async Task Message_without_id_and_content_type_has_none_when_received()
    {
        await _broker.PutAsync("x");
        var received = _broker.ReceiveOne();
        Assert.Null(received.MessageId);
        Assert.Null(received.ContentType);
        Assert.Empty(received.Properties);
    }

    [Fact]
    public async Task Messages_are_received_in_the_order_they_were_sent()
    {
        await _broker.PutAsync("1", "2");
        await _broker.PutAsync("3");
        Assert.Equal(["1", "2"], TestBroker.Bodies(_broker.Receive(2)));
        Assert.Equal(["3"], TestBroker.Bodies(_broker.Receive()));
        Assert.Empty(_broker.Receive());
    }

    [Fact]
    public async Task Receiver_waits_for_the_next_message()
    {
        var receiving = _broker.Queue.ReceiveAsync(10, CancellationToken.None);
        Assert.False(receiving.IsCompleted);
        await _broker.PutAsync("x");
        Assert.Equal(["x"], TestBroker.Bodies(await receiving));
    }

    [Fact]
    public async Task Waiting_ends_when_it_is_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        var receiving = _broker.Queue.ReceiveAsync(10, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving);
    }

    [Fact]
    public async Task Completed_message_is_gone_and_its_lock_is_lost()
    {
        await _broker.PutAsync("x");
        var message = _broker.ReceiveOne();
        await _broker.Queue.CompleteAsync(message.LockToken);

        _broker.Time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(_broker.Receive());
        await AssertLockIsLostAsync(message);
    }

    [Fact]
    public async Task Abandoned_message_returns_to_its_place_and_has_been_counted()
    {
        await _broker.PutAsync("1", "2", "3");
        var received = _broker.Receive(2);
        await _broker.Queue.AbandonAsync(received[1].LockToken);
        await _broker.Queue.AbandonAsync(received[0].LockToken);

        var again = _broker.Receive();
        Assert.Equal(["1", "2", "3"], TestBroker.Bodies(again));
        Assert.Equal([2, 2, 1], again.Select(message => message.DeliveryCount));
        await AssertLockIsLostAsync(received[0]);
    }

    [Fact]
    public async Task Abandoned_message_has_the_modified_properties()
    {
        var sent = TestBroker.Message("x", "id");
        sent.Properties["kept"] = 1;
        sent.Properties["changed"] = 2;
        await _broker.SendAsync("plain", sent);
        var first = _broker.ReceiveOne();
        await _broker.Queue.AbandonAsync(
            first.LockToken,
            new Dictionary<string, object>(StringComparer.Ordinal) { ["changed"] = "now text" }
        );

        var again = _broker.ReceiveOne();
        Assert.Equal(2, again.DeliveryCount);
        Assert.Equal(first.SequenceNumber, again.SequenceNumber);
        Assert.Equal(1, again.Properties["kept"]);
        Assert.Equal("now text", again.Properties["changed"]);
        Assert.Equal("x", TestBroker.Body(again));
    }

    [Fact]
    public async Task Message_is_free_again_when_its_lock_expires()
    {
        await _broker.PutAsync("x");
        var first = _broker.ReceiveOne();
        _broker.Time.Advance(TestBroker.Plain.LockDuration - TimeSpan.FromMilliseconds(1));
        Assert.Empty(_broker.Receive());

        _broker.Time.Advance(TimeSpan.FromMilliseconds(1));
        await AssertLockIsLostAsync(first);
        Assert.Equal(2, _broker.ReceiveOne().DeliveryCount);
    }

    [Fact]
    public async Task Renewed_lock_lasts_its_whole_time_again()
    {
        await _broker.PutAsync("1", "2");
        var received = _broker.Receive();
        _broker.Time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(_broker.Time.GetUtcNow() + TestBroker.Plain.LockDuration, _broker.Queue.RenewLock(received[0].LockToken));

        _broker.Time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(["2"], TestBroker.Bodies(_broker.Receive()));
        await _broker.Queue.CompleteAsync(received[0].LockToken);
    }

    [Fact]
    public async Task Expired_lock_cannot_be_renewed()
    {
        await _broker.PutAsync("1");
        var received = _broker.ReceiveOne();
        _broker.Time.Advance(TestBroker.Plain.LockDuration);
        Assert.Throws<LockLostException>(() => _broker.Queue.RenewLock(received.LockToken));
    }

    [Fact]
    public async Task Dead_lettered_message_is_in_the_dead_letter_queue_with_reason_and_description()
    {
        await _broker.SendAsync("plain", TestBroker.Message("x", "id-1"));
        var message = _broker.ReceiveOne();
        _broker.Time.Advance(TimeSpan.FromSeconds(30));
        await _broker.Queue.DeadLetterAsync(message.LockToken, "Malformed", "It is not JSON.");

        Assert.Empty(_broker.Receive());
        var dead = _broker.ReceiveOne(_broker.DeadLetters);
        Assert.Equal("x", TestBroker.Body(dead));
        Assert.Equal("id-1", dead.MessageId);
        Assert.Equal("Malformed", dead.DeadLetterReason);
        Assert.Equal("It is not JSON.", dead.DeadLetterErrorDescription);
        Assert.Equal("Malformed", dead.Properties["DeadLetterReason"]);
        Assert.Equal("It is not JSON.", dead.Properties["DeadLetterErrorDescription"]);
        Assert.Equal(message.SequenceNumber, dead.SequenceNumber);
        Assert.Equal(message.EnqueuedTime, dead.EnqueuedTime);
        Assert.Equal(2, dead.DeliveryCount);
        await AssertLockIsLostAsync(message);
        await _broker.DeadLetters.CompleteAsync(dead.LockToken);
    }

    [Fact]
    public async Task Message_delivered_as_often_as_allowed_is_dead_lettered_when_abandoned()
    {
        await _broker.PutAsync("x");
        for (var i = 1; i <= TestBroker.Plain.MaxDeliveryCount; i++)
        {
            var message = _broker.ReceiveOne();
            Assert.Equal(i, message.DeliveryCount);
            await _broker.Queue.AbandonAsync(message.LockToken);
        }
        await AssertExhaustedAsync();
    }

    [Fact]
    public async Task Message_delivered_as_often_as_allowed_is_dead_lettered_when_its_lock_expires()
    {
        await _broker.PutAsync("x");
        for (var i = 1; i <= TestBroker.Plain.MaxDeliveryCount; i++)
        {
            _broker.ReceiveOne();
            _broker.Time.Advance(TestBroker.Plain.LockDuration);
        }
        await AssertExhaustedAsync();
    }

    [Fact]
    public async Task Delivery_count_has_no_limit_in_the_dead_letter_queue()
    {
        await _broker.PutAsync("x");
        await _broker.Queue.DeadLetterAsync(_broker.ReceiveOne().LockToken, "r", null);
        for (var i = 0; i < 20; i++)
        {
            await _broker.DeadLetters.AbandonAsync(_broker.ReceiveOne(_broker.DeadLetters).LockToken);
        }

        var dead = _broker.ReceiveOne(_broker.DeadLetters);
        Assert.Equal((22, "r"), (dead.DeliveryCount, dead.DeadLetterReason));
    }

    [Fact]
    public async Task Message_keeps_its_lock_when_settling_is_refused()
    {
        await _broker.PutAsync("x");
        var message = _broker.ReceiveOne();
        var unsupported = new Dictionary<string, object>(StringComparer.Ordinal) { ["list"] = new List<int>() };
        await Assert.ThrowsAsync<SerializationException>(() => _broker.Queue.AbandonAsync(message.LockToken, unsupported).AsTask());
        await Assert.ThrowsAsync<SerializationException>(() =>
            _broker.Queue.DeadLetterAsync(message.LockToken, null, null, unsupported).AsTask()
        );
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
            _broker.Queue.DeadLetterAsync(message.LockToken, new('x', 4097), null).AsTask()
        );

        await _broker.Queue.CompleteAsync(message.LockToken);
    }

    [Fact]
    public async Task Dead_letter_cannot_be_dead_lettered_again()
    {
        await _broker.PutAsync("x");
        await _broker.Queue.DeadLetterAsync(_broker.ReceiveOne().LockToken, "r", null);
        var dead = _broker.ReceiveOne(_broker.DeadLetters);
        await Assert.ThrowsAsync<InvalidOperationException>(() => _broker.DeadLetters.DeadLetterAsync(dead.LockToken, "r", null).AsTask());
    }

    [Fact]
    public async Task Concurrent_receivers_never_get_the_same_message()
    {
        await _broker.PutAsync([.. Enumerable.Range(0, 2000).Select(i => $"{i}")]);
        var received = await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(_ =>
                    Task.Run(() =>
                    {
                        var mine = new List<string>();
                        while (_broker.Receive(7) is { Count: > 0 } messages)
                        {
                            mine.AddRange(TestBroker.Bodies(messages));
                        }

                        return mine;
                    })
                )
        );
        Assert.Equal(2000, received.SelectMany(bodies => bodies).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(2000, received.Sum(bodies => bodies.Count));
    }

    private async Task AssertExhaustedAsync()
    {
        await _broker.FlushAsync();
        Assert.Empty(_broker.Receive());
        var dead = _broker.ReceiveOne(_broker.DeadLetters);
        Assert.Equal("MaxDeliveryCountExceeded", dead.DeadLetterReason);
        Assert.Equal("Message could not be consumed after 3 delivery attempts.", dead.DeadLetterErrorDescription);
        Assert.Equal(4, dead.DeliveryCount);
    }

    private async Task AssertLockIsLostAsync(ReceivedMessage message)
    {
        foreach (
            var settle in new Func<Guid, ValueTask>[]
            {
                _broker.Queue.CompleteAsync,
                token => _broker.Queue.AbandonAsync(token),
                token => _broker.Queue.DeadLetterAsync(token, "reason", null),
            }
        )
        {
            await Assert.ThrowsAsync<LockLostException>(() => settle(message.LockToken).AsTask());
        }
    }
}
