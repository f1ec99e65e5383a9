using Azure.Messaging.ServiceBus;
using LocalHost.ServiceBus;
using LocalHost.Storage;

namespace LocalHost.Tests.Messaging;

public sealed class ServiceBusReceiverTests : IDisposable
{
    private readonly TestBroker _broker = new();
    private readonly ServiceBusReceiver _receiver;

    public ServiceBusReceiverTests() => _receiver = new LocalServiceBusClient(_broker.Broker).CreateReceiver("plain");

    public void Dispose() => _broker.Dispose();

    [Fact]
    public async Task Peek_returns_nothing_when_the_queue_is_empty() => Assert.Null(await _receiver.PeekMessageAsync(0));

    [Fact]
    public async Task Peek_returns_the_first_message_without_locking_it()
    {
        await _broker.PutAsync("a", "b", "c");

        Assert.Equal("a", (await _receiver.PeekMessageAsync(0)).Body.ToString());
        var peeked = await _receiver.PeekMessageAsync(0);
        var received = _broker.ReceiveOne();

        Assert.Equal(("a", 1, 0), (peeked.Body.ToString(), peeked.SequenceNumber, peeked.DeliveryCount));
        Assert.Equal(
            ("a", 1, 1),
            (System.Text.Encoding.UTF8.GetString(received.Body.Span), received.SequenceNumber, received.DeliveryCount)
        );
        await _broker.Queue.CompleteAsync(received.LockToken);
        Assert.Equal("b", (await _receiver.PeekMessageAsync(0)).Body.ToString());
    }

    [Fact]
    public async Task Peek_fails_when_nothing_can_be_stored()
    {
        await using var receiver = new LocalServiceBusReceiver("plain", () => throw new StorageUnavailableException("The disk is full."));

        var exception = await Assert.ThrowsAsync<ServiceBusException>(() => receiver.PeekMessageAsync(0));

        Assert.Equal((ServiceBusFailureReason.ServiceCommunicationProblem, true), (exception.Reason, exception.IsTransient));
    }

    [Fact]
    public async Task Unknown_queue_is_an_entity_not_found()
    {
        var exception = await Assert.ThrowsAsync<ServiceBusException>(() =>
            new LocalServiceBusClient(_broker.Broker).CreateReceiver("nowhere").PeekMessageAsync(0)
        );

        Assert.Equal(ServiceBusFailureReason.MessagingEntityNotFound, exception.Reason);
    }

    [Fact]
    public async Task Peek_from_another_place_is_not_supported() =>
        await Assert.ThrowsAsync<NotSupportedException>(() => _receiver.PeekMessageAsync());
}
