using LocalHost.Messaging;

namespace LocalHost.Tests.Messaging;

public sealed class ScheduledMessageTests : IDisposable
{
    private readonly TestBroker _broker = new();

    public void Dispose() => _broker.Dispose();

    [Fact]
    public async Task Scheduled_message_is_received_when_it_is_due_and_not_before()
    {
        var due = _broker.Time.GetUtcNow() + TimeSpan.FromMinutes(4);
        await _broker.SendAsync("plain", Scheduled("later", due));
        await _broker.PutAsync("now");

        Assert.Equal(["now"], TestBroker.Bodies(_broker.Receive()));
        _broker.Time.Advance(TimeSpan.FromMinutes(4) - TimeSpan.FromMilliseconds(1));
        await AssertNothingAsync();

        _broker.Time.Advance(TimeSpan.FromMilliseconds(1));
        await _broker.FlushAsync();
        var received = _broker.ReceiveOne();
        Assert.Equal("later", TestBroker.Body(received));
        Assert.Equal(due, received.EnqueuedTime);
        Assert.Equal(1, received.DeliveryCount);
    }

    [Fact]
    public async Task Due_message_is_added_at_the_end()
    {
        var scheduled = await _broker.SendAsync("plain", Scheduled("scheduled", _broker.Time.GetUtcNow() + TimeSpan.FromMinutes(1)));
        await _broker.PutAsync("sent before it was due");
        _broker.Time.Advance(TimeSpan.FromMinutes(1));
        await _broker.PutAsync("sent after");

        var received = _broker.Receive();
        Assert.Equal(["sent before it was due", "scheduled", "sent after"], TestBroker.Bodies(received));
        Assert.True(received[1].SequenceNumber > scheduled);
    }

    [Fact]
    public async Task Messages_become_due_in_the_order_of_their_times()
    {
        var now = _broker.Time.GetUtcNow();
        await _broker.SendAsync(
            "plain",
            Scheduled("3", now.AddDays(40)),
            Scheduled("1", now.AddSeconds(1)),
            Scheduled("2", now.AddSeconds(2))
        );

        _broker.Time.Advance(TimeSpan.FromDays(41));
        await _broker.FlushAsync();
        Assert.Equal(["1", "2", "3"], TestBroker.Bodies(_broker.Receive()));
    }

    [Fact]
    public async Task Message_scheduled_for_the_past_is_received_at_once()
    {
        await _broker.SendAsync("plain", Scheduled("x", _broker.Time.GetUtcNow().AddMinutes(-1)));
        Assert.Equal(_broker.Time.GetUtcNow(), _broker.ReceiveOne().EnqueuedTime);
    }

    [Fact]
    public async Task Thousands_become_due_at_once()
    {
        var due = _broker.Time.GetUtcNow().AddMinutes(1);
        for (var i = 0; i < 3; i++)
        {
            await _broker.SendAsync("plain", [.. Enumerable.Range(0, 1000).Select(n => Scheduled($"{n}", due))]);
        }

        _broker.Time.Advance(TimeSpan.FromMinutes(1));
        var received = new List<ReceivedMessage>();
        while (received.Count < 3000)
        {
            received.AddRange(await _broker.Queue.ReceiveAsync(10_000, CancellationToken.None));
        }

        Assert.Equal(received.Select(message => message.SequenceNumber).Order(), received.Select(message => message.SequenceNumber));
    }

    private async Task AssertNothingAsync()
    {
        await _broker.FlushAsync();
        Assert.Empty(_broker.Receive());
    }

    private static NewMessage Scheduled(string body, DateTimeOffset due)
    {
        var message = TestBroker.Message(body);
        message.ScheduledEnqueueTime = due;
        return message;
    }
}
