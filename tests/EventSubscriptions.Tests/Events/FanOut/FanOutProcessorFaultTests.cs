using Azure;
using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events;
using EventSubscriptions.Events.FanOut;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Tests.Events.FanOut;

public sealed class FanOutProcessorFaultTests : FanOutProcessorTestBase
{
    [Fact]
    public async Task Malformed_message_is_dead_lettered_and_the_rest_of_its_batch_is_fanned_out()
    {
        await SubscribeAsync(_organization);

        var results = await RunAsync(Raw("not json"), Message("a"), Raw("""{"data":{}}"""), Large("big"), Message("b"));

        Assert.Equal(
            [
                new Settlement.DeadLetter(DeadLetterReason.MalformedEvent, "The body is not JSON: line 1, byte 2."),
                Settlement.Completed,
                new Settlement.DeadLetter(DeadLetterReason.MalformedEvent, "In the body eventName is missing, organizationId is missing."),
                new Settlement.DeadLetter(DeadLetterReason.PayloadTooLarge, "The payload has 196609 bytes; at most 196608 are allowed."),
                Settlement.Completed,
            ],
            results
        );
        Assert.Equal(["a", "b"], Deliveries().Select(delivery => Text(delivery, "eventId")).Order());
    }

    [Fact]
    public async Task Event_is_dead_lettered_when_its_id_belongs_to_a_different_event()
    {
        await SubscribeAsync(_organization);
        await RunAsync(Message("a", "CaseClosedEvent"));

        var result = Assert.Single(await RunAsync(Message("a", "CaseCreatedEvent")));

        Assert.Equal(
            new Settlement.DeadLetter(DeadLetterReason.IdReused, "The organization already has a different event with the id a."),
            result
        );
        Assert.Single(Deliveries());
    }

    [Fact]
    public async Task AMQP_value_is_fanned_out_when_it_is_text_and_dead_lettered_otherwise()
    {
        await SubscribeAsync(_organization);
        var text = $$$"""{"eventName":"CaseClosedEvent","organizationId":{{{_organization}}},"data":{"id":"ü"}}""";

        var results = await RunAsync(
            Amqp("text", AmqpMessageBody.FromValue(text)),
            Amqp("number", AmqpMessageBody.FromValue(42)),
            Message("a"),
            Amqp(
                "sequence",
                AmqpMessageBody.FromSequence([
                    [1, 2],
                ])
            )
        );

        Assert.All(
            [results[1], results[3]],
            result => Assert.Contains("AMQP", Assert.IsType<Settlement.DeadLetter>(result).Description, StringComparison.Ordinal)
        );
        Assert.Equal(Settlement.Completed, results[0]);
        Assert.Equal(Settlement.Completed, results[2]);
        var deliveries = Deliveries().ToDictionary(delivery => Text(delivery, "eventId"), StringComparer.Ordinal);
        Assert.Equal(["a", "text"], deliveries.Keys.Order());
        Assert.Equal(text, deliveries["text"].Body.ToString());
    }

    [Fact]
    public async Task Event_is_not_continued_when_its_deliveries_cannot_be_sent()
    {
        await SubscribeManyAsync(FanOutProcessor.MaxDeliveries + 1);
        _services.Deliveries.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);

        Assert.Equal([Settlement.Completed], await RunAsync(Message("a")));

        // Postponed, and nothing else.
        Assert.Empty(_services.Receive(QueueNames.FanOut));
        _services.Time.Advance(TimeSpan.FromSeconds(7));
        Assert.True(EventMessage.TryParseCopy(await _services.ReceiveOneAsync(QueueNames.FanOut), out var postponed, out _));
        Assert.Equal((null, 1), (postponed.After, postponed.Postponements));
    }

    [Theory]
    [InlineData(TableNames.EventArchive)]
    [InlineData(TableNames.Subscriptions)]
    public async Task Event_is_postponed_alone_when_a_table_fails_for_its_organization(string table)
    {
        var other = Given.Organization();
        await SubscribeAsync(_organization);
        await SubscribeAsync(other);
        _services.Flaky.Failure = (name, partition) =>
            name == table && partition == _organization.ToString() ? new RequestFailedException(503, "busy") : null;

        var results = await RunAsync(Message("a"), Message("b", organization: other));

        Assert.All(results, result => Assert.Equal(Settlement.Completed, result));
        Assert.Equal("b", Text(Assert.Single(Deliveries()), "eventId"));

        // The postponed message is due after 5 s ± 20 %, and succeeds.
        _services.Flaky.Failure = (_, _) => null;
        _services.Time.Advance(TimeSpan.FromSeconds(3.9));
        Assert.Empty(_services.Receive(QueueNames.FanOut));
        _services.Time.Advance(TimeSpan.FromSeconds(2.2));
        var postponed = await _services.ReceiveOneAsync(QueueNames.FanOut);
        Assert.Equal("a", Text(postponed, "eventId"));
        Assert.Equal(1, postponed.ApplicationProperties["postponements"]);
        await ContinueAsync(postponed);
        Assert.Equal("a", Text(Assert.Single(Deliveries()), "eventId"));
    }

    [Fact]
    public async Task Event_is_postponed_when_its_deliveries_cannot_be_sent()
    {
        await SubscribeAsync(_organization);
        _services.Deliveries.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);

        Assert.Equal([Settlement.Completed], await RunAsync(Message("a")));

        _services.Time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal("a", Text(await _services.ReceiveOneAsync(QueueNames.FanOut), "eventId"));
    }

    [Fact]
    public async Task Event_is_abandoned_when_its_continuation_cannot_be_sent()
    {
        await SubscribeManyAsync(FanOutProcessor.MaxDeliveries + 1);
        _services.FanOut.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);

        // Postponing fails too, on the same queue.
        Assert.IsType<Settlement.Retry>(Assert.Single(await RunAsync(Message("a"))));
    }

    [Fact]
    public async Task Event_is_abandoned_when_it_cannot_be_postponed()
    {
        await SubscribeAsync(_organization);
        _services.Flaky.Failure = (_, _) => new RequestFailedException(503, "busy");
        _services.FanOut.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);

        Assert.IsType<Settlement.Retry>(Assert.Single(await RunAsync(Message("a"))));
    }

    [Fact]
    public async Task Event_is_abandoned_alone_when_the_program_has_a_bug()
    {
        var other = Given.Organization();
        _services.Flaky.Failure = (_, partition) => partition == _organization.ToString() ? new InvalidOperationException("a bug") : null;

        var results = await RunAsync(Message("a"), Message("b", organization: other));

        Assert.IsType<Settlement.Retry>(results[0]);
        Assert.Equal(Settlement.Completed, results[1]);
        _services.Time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(_services.Receive(QueueNames.FanOut));
    }

    [Fact]
    public async Task Processing_throws_when_it_is_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _fanOut.ProcessAsync([Parsed(Message("a"))], cancelled.Token));
    }

    private static EventMessage Parsed(ServiceBusReceivedMessage message)
    {
        Assert.True(EventMessage.TryParse(message, out var parsed, out _));
        return parsed;
    }

    private ServiceBusReceivedMessage Amqp(string id, AmqpMessageBody body)
    {
        var message = new AmqpAnnotatedMessage(body);
        message.Header.DeliveryCount = 0;
        message.Properties.MessageId = new AmqpMessageId(id);
        message.MessageAnnotations["x-opt-enqueued-time"] = _services.Time.GetUtcNow().UtcDateTime;
        return ServiceBusReceivedMessage.FromAmqpMessage(message, BinaryData.FromBytes(Guid.NewGuid().ToByteArray()));
    }

    private ServiceBusReceivedMessage Large(string id)
    {
        var head = $$"""{"eventName":"A","organizationId":{{_organization}},"data":{"x":""" + '"';
        return ServiceBusModelFactory.ServiceBusReceivedMessage(
            BinaryData.FromString(head + new string('x', EventPayload.MaxBytes + 1 - head.Length - 3) + "\"}}"),
            id,
            sequenceNumber: 1
        );
    }
}
