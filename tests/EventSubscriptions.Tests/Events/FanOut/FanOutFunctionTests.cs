using Azure;
using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.FanOut;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using Microsoft.Azure.Functions.Worker;
using Moq;

namespace EventSubscriptions.Tests.Events.FanOut;

public sealed class FanOutFunctionTests : IAsyncLifetime
{
    private readonly Mock<ServiceBusMessageActions> _actions = new();
    private LocalServices _services = null!;
    private FanOutFunction _function = null!;

    public async Task InitializeAsync()
    {
        _services = await LocalServices.StartAsync();
        var fanOut = new FanOutProcessor(
            new EventArchive(_services.Flaky, Given.Protector),
            new SubscriptionIndex(Given.SubscriptionStore(_services.Flaky, _services.Time), _services.Time),
            Given.EventTypes(_services.Flaky, _services.Time),
            _services.FanOut,
            _services.Deliveries,
            Given.Metrics,
            Given.Tracing,
            _services.Time
        );
        _function = new FanOutFunction(Given.Worker(_services.Time), fanOut, _services.FanOut);
    }

    public Task DisposeAsync()
    {
        _services.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Messages_are_completed_automatically_and_poison_is_dead_lettered()
    {
        var poison = Message("{}");

        await _function.RunAsync([Good(), poison], _actions.Object, default);

        _actions.Verify(actions =>
            actions.DeadLetterMessageAsync(
                poison,
                null,
                "MalformedEvent",
                "In the body eventName is missing, organizationId is missing, data is missing.",
                It.IsAny<CancellationToken>()
            )
        );
        _actions.VerifyNoOtherCalls();
    }

    [Fact]
    public async Task Message_is_abandoned_when_the_program_has_a_bug()
    {
        var message = Good();
        _services.Flaky.Failure = (_, _) => new InvalidOperationException("a bug");

        await _function.RunAsync([message], _actions.Object, default);

        _actions.Verify(actions => actions.AbandonMessageAsync(message, null, It.IsAny<CancellationToken>()));
    }

    [Fact]
    public async Task Poison_message_is_redelivered_alone_when_it_cannot_be_dead_lettered()
    {
        var cause = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);
        _actions
            .Setup(actions =>
                actions.DeadLetterMessageAsync(
                    It.IsAny<ServiceBusReceivedMessage>(),
                    It.IsAny<Dictionary<string, object>>(),
                    It.IsAny<string>(),
                    It.IsAny<string>(),
                    It.IsAny<CancellationToken>()
                )
            )
            .ThrowsAsync(cause);
        var good = Good();

        var run = _function.RunAsync([Message("{}"), good], _actions.Object, default);

        await PassAsync(run, TimeSpan.FromSeconds(5));
        Assert.Same(cause, await Assert.ThrowsAnyAsync<Exception>(() => run));
        _actions.Verify(actions => actions.CompleteMessageAsync(good, It.IsAny<CancellationToken>()));
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(3, 20)]
    [InlineData(9, 120)]
    public async Task Message_is_abandoned_alone_after_a_growing_pause_when_it_cannot_be_postponed(int deliveryCount, int seconds)
    {
        var stuck = Good(deliveryCount);
        var fine = Good();
        var organization = EventEnvelope.Read(stuck.Body.ToMemory()).Organization.ToString();
        _services.Flaky.Failure = (_, partition) => partition == organization ? new RequestFailedException(503, "busy") : null;
        _services.FanOut.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);
        var poison = Message("{}");

        var run = _function.RunAsync([stuck, fine, poison], _actions.Object, default);

        await PassAsync(run, TimeSpan.FromSeconds(seconds));
        await run;
        _actions.Verify(actions => actions.AbandonMessageAsync(stuck, null, It.IsAny<CancellationToken>()));
        _actions.Verify(actions =>
            actions.DeadLetterMessageAsync(poison, null, "MalformedEvent", It.IsAny<string>(), It.IsAny<CancellationToken>())
        );
        _actions.VerifyNoOtherCalls();
    }

    [Fact]
    public async Task Postponed_event_continues_when_its_copy_is_received()
    {
        _services.Flaky.Failure = (_, _) => new RequestFailedException(503, "busy");
        await _function.RunAsync([Good()], _actions.Object, default);
        _services.Flaky.Failure = (_, _) => null;
        _services.Time.Advance(TimeSpan.FromSeconds(7));
        var copy = await _services.ReceiveOneAsync(QueueNames.FanOut);

        await _function.ContinueFanOut([copy], _actions.Object, default);

        _actions.VerifyNoOtherCalls();
        var row = await _services
            .Tables.GetTableClient(TableNames.EventArchive)
            .GetEntityIfExistsAsync<TableEntity>(
                EventEnvelope.Read(copy.Body.ToMemory()).Organization.ToString(),
                $"e:{copy.ApplicationProperties["eventId"]}"
            );
        Assert.True(row.HasValue);
    }

    /// <summary>Lets exactly the pause pass that the function makes.</summary>
    private async Task PassAsync(Task run, TimeSpan pause)
    {
        while (_services.Time.PendingTimers == 0)
        {
            Assert.False(run.IsCompleted);
            await Task.Yield();
        }

        _services.Time.Advance(pause - TimeSpan.FromSeconds(1));
        Assert.False(run.IsCompleted);
        _services.Time.Advance(TimeSpan.FromSeconds(1));
    }

    private ServiceBusReceivedMessage Good(int deliveryCount = 1) =>
        Message($$$"""{"eventName":"CaseClosedEvent","organizationId":{{{Given.Organization()}}},"data":{}}""", deliveryCount);

    private ServiceBusReceivedMessage Message(string body, int deliveryCount = 1) =>
        ServiceBusModelFactory.ServiceBusReceivedMessage(
            BinaryData.FromString(body),
            "id",
            sequenceNumber: 1,
            deliveryCount: deliveryCount,
            enqueuedTime: _services.Time.GetUtcNow()
        );
}
