using Azure;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Deliveries;

public sealed class DeliverFunctionFaultTests : DeliverFunctionTestBase
{
    [Fact]
    public async Task Delivery_is_postponed_when_its_subscription_cannot_be_deactivated()
    {
        _response = Gone;
        _steps.Fail("transaction subscriptions");

        await RunAsync(Delivery());

        Assert.Equal(1, Parse(Assert.Single(_queue.Scheduled).Message).Postponements);
    }

    [Fact]
    public async Task Next_attempt_is_queued_when_the_health_cannot_be_stored()
    {
        _response = Failing;
        _steps.Fail(WriteHealth);

        await RunAsync(Delivery());

        Assert.Equal(2, Parse(Assert.Single(_queue.Scheduled).Message).Attempt);
    }

    [Fact]
    public async Task Delivery_is_postponed_when_it_cannot_be_counted_as_dropped()
    {
        _steps.Fail("write auditlog");

        await RunAsync(Delivery() with { SubscriptionId = SubscriptionId.New(_clock) });

        Assert.Equal(1, Parse(Assert.Single(_queue.Scheduled).Message).Postponements);
    }

    [Theory]
    [InlineData("transaction deliverylog")]
    [InlineData("write auditlog")]
    [InlineData("schedule")]
    [InlineData("write subscriptions")]
    public async Task Request_is_sent_once_when_a_later_step_has_a_transient_fault(string step)
    {
        _response = Failing;
        _steps.Fail(step, times: 3);

        await RunAsync(Delivery());

        Assert.Single(_receiver.Requests);
        Assert.Equal("complete", _steps.Taken[^1]);
        Assert.Equal(2, Parse(Assert.Single(_queue.Scheduled).Message).Attempt);
    }

    [Theory]
    [InlineData("transaction deliverylog", 1)]
    [InlineData("read subscriptions", 0)]
    public async Task Delivery_is_postponed_with_the_same_attempt_number_when_a_table_fails(string step, int requests)
    {
        _steps.Fail(step);

        await RunAsync(Delivery() with { Postponements = 2 });

        Assert.Equal(requests, _receiver.Requests.Count);
        Assert.Equal(["schedule", "complete"], _steps.Taken.TakeLast(2));
        var (message, at) = Assert.Single(_queue.Scheduled);
        var postponed = Parse(message);
        Assert.Equal((1, 3), (postponed.Attempt, postponed.Postponements));
        Assert.Empty(message.Body.ToArray());
        Assert.InRange(at - _clock.GetUtcNow(), TimeSpan.FromSeconds(16), TimeSpan.FromSeconds(24));
    }

    [Fact]
    public async Task Message_is_abandoned_after_a_pause_when_it_cannot_be_postponed()
    {
        _steps.Fail("read subscriptions", exception: new RequestFailedException(500, "table"));
        _steps.Fail("schedule", exception: new ServiceBusException("queue", ServiceBusFailureReason.ServiceBusy));
        var before = _clock.GetUtcNow();

        var thrown = await Assert.ThrowsAsync<RequestFailedException>(() => RunAsync(Delivery()));

        Assert.Equal("table", thrown.Message);
        Assert.Equal(TimeSpan.FromSeconds(5), _clock.GetUtcNow() - before);
        Assert.Empty(_steps.Taken);
    }

    [Fact]
    public async Task Message_is_abandoned_when_the_queue_does_not_respond()
    {
        _steps.Fail("read subscriptions", exception: new RequestFailedException(500, "table"));
        _sender = new TimedSender(new SilentSender(), _clock);
        var before = _clock.GetUtcNow();

        var thrown = await Assert.ThrowsAsync<RequestFailedException>(() => RunAsync(Delivery()));

        Assert.Equal("table", thrown.Message);
        Assert.Equal(TimeSpan.FromSeconds(30 + 5), _clock.GetUtcNow() - before);
        Assert.Empty(_steps.Taken);
    }

    [Fact]
    public async Task Message_is_abandoned_after_a_pause_when_the_program_has_a_bug()
    {
        _steps.Fail("read subscriptions", exception: new InvalidOperationException("a bug"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(Delivery()));

        Assert.Empty(_steps.Taken);
    }

    [Fact]
    public async Task Delivery_is_sent_once_when_its_message_cannot_be_completed()
    {
        _steps.Fail("complete", exception: new ServiceBusException("lost", ServiceBusFailureReason.MessageLockLost));

        await Assert.ThrowsAsync<ServiceBusException>(() => RunAsync(Delivery()));

        Assert.Empty(_queue.Scheduled);
        Assert.Single(_receiver.Requests);
    }

    [Fact]
    public async Task Message_is_not_settled_when_the_host_stops()
    {
        using var stopping = new CancellationTokenSource();
        await stopping.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(Delivery(), cancellationToken: stopping.Token));

        Assert.DoesNotContain("complete", _steps.Taken);
        Assert.Empty(_queue.Scheduled);
    }

    [Fact]
    public async Task Next_attempt_has_the_same_message_id_when_the_message_is_redelivered()
    {
        _response = Failing;
        _steps.Fail("complete", times: 1);
        await Assert.ThrowsAnyAsync<Exception>(() => RunAsync(Delivery()));

        await RunAsync(Delivery());

        Assert.Equal(_queue.Scheduled[0].Message.MessageId, _queue.Scheduled[1].Message.MessageId);
    }
}
