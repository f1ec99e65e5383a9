using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Queues;
using EventSubscriptions.Subscriptions;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Tests.Events.Publishing;

public sealed class OperationalEventPublisherTests : IAsyncLifetime
{
    private readonly RecordingLogger<OperationalEventPublisher> _log = new();
    private LocalServices _services = null!;
    private OperationalEventPublisher _publisher = null!;
    private OperationalEvent[] _events = null!;

    public async Task InitializeAsync()
    {
        _services = await LocalServices.StartAsync();
        _publisher = new OperationalEventPublisher(_services.FanOut, _services.Time, _log);
        var subscription = Given.Subscription(Given.Organization(), _services.Time);
        var health = SubscriptionHealth.Healthy.Failed(_services.Time.GetUtcNow());
        _events =
        [
            SubscriptionEvents.Failing(subscription, health, 0, default, 10, error: null),
            SubscriptionEvents.Recovered(subscription, health, _services.Time.GetUtcNow()),
        ];
    }

    public Task DisposeAsync()
    {
        _services.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Events_are_queued_for_fan_out_in_order_and_once()
    {
        Assert.True(await _publisher.TryPublishAsync(_events, default));
        Assert.True(await _publisher.TryPublishAsync(_events, default));

        var parsed = _services.Receive(QueueNames.FanOut).Select(Parse).ToList();
        Assert.Equal(_events.Select(item => item.Id), parsed.Select(message => message.EventId));
        Assert.All(parsed, message => Assert.Equal((EventSource.System, false), (message.Source, message.IsArchived)));
        Assert.Empty(_services.Receive(QueueNames.Events));
    }

    [Fact]
    public async Task Failure_is_returned_and_logged_once_for_an_outage()
    {
        _services.FanOut.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);

        Assert.False(await _publisher.TryPublishAsync(_events, default));
        Assert.False(await _publisher.TryPublishAsync(_events, default));

        Assert.Single(_log.Entries, entry => entry.Level == LogLevel.Warning);
    }

    private static EventMessage Parse(ServiceBusReceivedMessage received)
    {
        Assert.True(EventMessage.TryParseCopy(received, out var message, out var malformed), malformed?.Description);
        return message;
    }
}
