using LocalHost.Messaging;

namespace LocalHost.Tests.Messaging;

/// <summary>Nothing is acknowledged, and nothing received, before it is on disk.</summary>
public sealed class BrokerDurabilityTests : IDisposable
{
    private readonly TestBroker _broker = new();
    private readonly ManualResetEventSlim _disk = new();

    private BrokerQueue Once => _broker.Broker.GetQueue("once");

    public void Dispose()
    {
        _disk.Set();
        _broker.Dispose();
        _disk.Dispose();
    }

    [Fact]
    public async Task Message_is_neither_acknowledged_nor_received_before_it_is_on_disk()
    {
        _broker.BeforeWrite = _disk.Wait;
        var sending = _broker.PutAsync("x");
        Assert.False(sending.IsCompleted);
        Assert.Empty(_broker.Receive());

        _disk.Set();
        await sending;
        _broker.ReceiveOne();
    }

    [Fact]
    public async Task Duplicate_is_not_acknowledged_before_the_first_is_on_disk()
    {
        _broker.BeforeWrite = _disk.Wait;
        var first = _broker.SendAsync("once", TestBroker.Message("1", "id"));
        var second = _broker.SendAsync("once", TestBroker.Message("2", "id"));
        Assert.False(second.IsCompleted);

        _disk.Set();
        await Task.WhenAll(first, second);
        Assert.Equal(["1"], TestBroker.Bodies(Once.Receive(10)));
    }

    [Fact]
    public async Task Settling_is_not_acknowledged_before_it_is_on_disk()
    {
        await _broker.PutAsync("1", "2");
        var received = _broker.Receive();
        await _broker.FlushAsync();
        _broker.BeforeWrite = _disk.Wait;
        var completing = _broker.Queue.CompleteAsync(received[0].LockToken).AsTask();
        var deadLettering = _broker.Queue.DeadLetterAsync(received[1].LockToken, "reason", null).AsTask();
        Assert.False(completing.IsCompleted);
        Assert.False(deadLettering.IsCompleted);
        Assert.Empty(_broker.DeadLetters.Receive(1));

        _disk.Set();
        await Task.WhenAll(completing, deadLettering);
        Assert.Equal("2", TestBroker.Body(_broker.ReceiveOne(_broker.DeadLetters)));
    }
}
