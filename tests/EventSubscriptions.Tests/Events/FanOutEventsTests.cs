using Azure;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events;
using EventSubscriptions.Subscriptions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;

namespace EventSubscriptions.Tests.Events;

public sealed class FanOutEventsTests : IAsyncLifetime
{
    private readonly Mock<ServiceBusMessageActions> _actions = new();
    private LocalServices _services = null!;
    private FanOutEvents _function = null!;

    public async Task InitializeAsync()
    {
        _services = await LocalServices.StartAsync();
        var fanOut = new EventFanOut(
            new EventArchive(_services.Flaky, Given.Protector),
            new SubscriptionIndex(Given.SubscriptionStore(_services.Flaky, _services.Time), _services.Time),
            _services.Events,
            _services.Deliveries,
            Given.Metrics,
            Given.Tracing,
            _services.Time,
            new Random(1),
            NullLogger<EventFanOut>.Instance);
        _function = new FanOutEvents(fanOut, _services.Time, NullLogger<FanOutEvents>.Instance);
    }

    public Task DisposeAsync()
    {
        _services.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Good_messages_are_left_to_automatic_completion_and_poison_is_dead_lettered()
    {
        var poison = Message("{}");

        await _function.RunAsync([Good(), poison], _actions.Object, default);

        _actions.Verify(actions => actions.DeadLetterMessageAsync(
            poison,
            null,
            "MalformedEvent",
            "In the body eventName is missing, organizationId is missing, data is missing.",
            It.IsAny<CancellationToken>()));
        _actions.VerifyNoOtherCalls();
    }

    [Fact]
    public async Task Message_that_meets_a_mistake_in_the_program_is_abandoned()
    {
        var message = Good();
        _services.Flaky.Failure = (_, _) => new InvalidOperationException("a bug");

        await _function.RunAsync([message], _actions.Object, default);

        _actions.Verify(actions => actions.AbandonMessageAsync(message, null, It.IsAny<CancellationToken>()));
    }

    [Fact]
    public async Task Batch_fails_after_a_pause_when_its_poison_can_not_be_dead_lettered()
    {
        var cause = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);
        _actions.Setup(actions => actions.DeadLetterMessageAsync(
            It.IsAny<ServiceBusReceivedMessage>(), It.IsAny<Dictionary<string, object>>(), It.IsAny<string>(), It.IsAny<string>(), It.IsAny<CancellationToken>())).ThrowsAsync(cause);

        await AssertFailsAfterPauseAsync(_function.RunAsync([Message("{}"), Good()], _actions.Object, default), cause);
    }

    [Fact]
    public async Task Batch_fails_after_a_pause_when_tables_and_queues_are_down()
    {
        var cause = new RequestFailedException(503, "busy");
        _services.Flaky.Failure = (_, _) => cause;
        _services.Events.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);
        var poison = Message("{}");

        await AssertFailsAfterPauseAsync(_function.RunAsync([Good(), poison], _actions.Object, default), cause);

        _actions.Verify(actions => actions.DeadLetterMessageAsync(poison, null, "MalformedEvent", It.IsAny<string>(), It.IsAny<CancellationToken>()));
    }

    private async Task AssertFailsAfterPauseAsync(Task run, Exception cause)
    {
        while (_services.Time.PendingTimers == 0)
        {
            Assert.False(run.IsCompleted);
            await Task.Yield();
        }

        _services.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.False(run.IsCompleted);
        _services.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Same(cause, await Assert.ThrowsAnyAsync<Exception>(() => run));
    }

    private static ServiceBusReceivedMessage Good() =>
        Message($$$"""{"eventName":"CaseClosedEvent","organizationId":{{{Given.Organization()}}},"data":{}}""");

    private static ServiceBusReceivedMessage Message(string body) =>
        ServiceBusModelFactory.ServiceBusReceivedMessage(BinaryData.FromString(body), "id", sequenceNumber: 1);
}
