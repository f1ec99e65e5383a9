using System.Text;
using Azure;
using Azure.Core.Amqp;
using Azure.Data.Tables;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.FanOut;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Queues;
using EventSubscriptions.Tests.Telemetry;

namespace EventSubscriptions.Tests.Events.FanOut;

public sealed class FanOutProcessorTests : IAsyncLifetime
{
    private readonly OrganizationId _organization = Given.Organization();
    private LocalServices _services = null!;
    private FanOutProcessor _fanOut = null!;
    private MetricsRecorder _metrics = null!;
    private TraceRecorder _traces = null!;

    public async Task InitializeAsync()
    {
        _services = await LocalServices.StartAsync();
        _metrics = MetricsRecorder.Start();
        _traces = TraceRecorder.Start();
        _fanOut = new FanOutProcessor(
            new EventArchive(_services.Flaky, Given.Protector),
            new SubscriptionIndex(Given.SubscriptionStore(_services.Flaky, _services.Time), _services.Time),
            _services.FanOut,
            _services.Deliveries,
            _metrics.Metrics,
            _traces.Tracing,
            _services.Time
        );
    }

    public Task DisposeAsync()
    {
        _services.Dispose();
        _metrics.Dispose();
        _traces.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Event_becomes_a_delivery_for_each_subscription_that_wants_it()
    {
        var named = await SubscribeAsync(_organization, "CaseClosedEvent", "OtherEvent");
        var every = await SubscribeAsync(_organization);
        await SubscribeAsync(_organization, "OtherEvent");
        var message = Message("a", "CaseClosedEvent");

        Assert.Equal([Settlement.Completed], await RunAsync(message));

        var deliveries = Deliveries();
        Assert.Equal(Sorted(named, every), Sorted([.. deliveries.Select(delivery => Text(delivery, "subscriptionId"))]));
        Assert.All(
            deliveries,
            delivery =>
            {
                Assert.Equal(message.Body.ToArray(), delivery.Body.ToArray());
                Assert.Equal(_organization.Value, delivery.ApplicationProperties["organizationId"]);
                Assert.Equal("a", Text(delivery, "eventId"));
                Assert.Equal("CaseClosedEvent", Text(delivery, "eventName"));
                Assert.Equal("event", Text(delivery, "run"));
                Assert.Equal(1, delivery.ApplicationProperties["attempt"]);
                Assert.Equal(0, delivery.ApplicationProperties["postponements"]);
            }
        );
    }

    [Fact]
    public async Task Event_that_nobody_wants_is_archived_all_the_same()
    {
        Assert.Equal([Settlement.Completed], await RunAsync(Message("a")));

        Assert.Empty(Deliveries());
        Assert.True(EventId.TryParse("a", out var id));
        Assert.NotNull(await new EventArchive(_services.Tables, Given.Protector).GetAsync(_organization, id, default));
    }

    [Fact]
    public async Task Events_of_one_id_in_two_organizations_reach_each_its_own_subscription()
    {
        var other = Given.Organization();
        var mine = await SubscribeAsync(_organization);
        var theirs = await SubscribeAsync(other);

        await RunAsync(Message("a"), Message("a", organization: other));

        Assert.Equal(
            [$"{_organization} {mine}", $"{other} {theirs}"],
            Deliveries()
                .Select(delivery => $"{delivery.ApplicationProperties["organizationId"]} {Text(delivery, "subscriptionId")}")
                .Order()
        );
    }

    [Fact]
    public async Task Subscription_that_was_added_or_deactivated_a_moment_ago_counts()
    {
        var first = await SubscribeAsync(_organization);
        await RunAsync(Message("a"));
        var second = await SubscribeAsync(_organization);
        await RunAsync(Message("b"));

        Assert.Equal(Sorted(first, first, second), Sorted([.. Deliveries().Select(delivery => Text(delivery, "subscriptionId"))]));
    }

    [Fact]
    public async Task Event_that_the_catalogue_does_not_know_is_passed_on_as_it_came()
    {
        await SubscribeAsync(_organization);

        await RunAsync(Raw($$"""{ "organizationId":{{_organization}},"eventName":"NewerEvent","data":{"x" : null} }"""));

        Assert.Equal(
            $$$"""{"eventName":"NewerEvent","organizationId":{{{_organization}}},"data":{"x" : null}}""",
            Encoding.UTF8.GetString(Assert.Single(Deliveries()).Body)
        );
    }

    [Fact]
    public async Task Poison_is_refused_and_the_rest_of_its_batch_goes_on()
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
    public async Task Message_that_is_fanned_out_twice_makes_its_deliveries_once()
    {
        await SubscribeAsync(_organization);

        await RunAsync(Message("a"));
        await RunAsync(Message("a"));

        Assert.Single(Deliveries());
    }

    [Fact]
    public async Task Another_event_of_the_same_id_is_refused()
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
    public async Task More_subscriptions_than_one_call_takes_are_served_by_messages_that_continue()
    {
        const int Count = FanOutProcessor.MaxDeliveries + 2;
        await SubscribeManyAsync(Count);

        await RunAsync(Message("a"), Message("b"));
        Assert.Equal(2 * FanOutProcessor.MaxDeliveries, Deliveries().Count);

        var rest = _services.Receive(QueueNames.FanOut);
        Assert.Equal(["a", "b"], rest.Select(message => Text(message, "eventId")).Order());
        Assert.All(rest, message => Assert.Equal(true, message.ApplicationProperties["archived"]));
        Assert.All(await ContinueAsync([.. rest]), result => Assert.Equal(Settlement.Completed, result));
        Assert.Equal(2 * 2, Deliveries().Count);
        Assert.Empty(_services.Receive(QueueNames.FanOut));
    }

    [Fact]
    public async Task Events_that_the_time_is_too_short_for_go_on_with_other_messages_without_being_archived_again()
    {
        await SubscribeAsync(_organization);
        _services.Flaky.Failure = (table, _) =>
        {
            if (table == TableNames.EventArchive)
            {
                _services.Time.Advance(FanOutProcessor.MaxTime);
            }

            return null;
        };

        Assert.Equal([Settlement.Completed, Settlement.Completed], await RunAsync(Message("a"), Message("b")));

        Assert.Empty(Deliveries());
        _services.Flaky.Failure = (table, _) => table == TableNames.EventArchive ? new InvalidOperationException("It is archived.") : null;
        Assert.Equal([Settlement.Completed, Settlement.Completed], await ContinueAsync([.. _services.Receive(QueueNames.FanOut)]));
        Assert.Equal(["a", "b"], Deliveries().Select(delivery => Text(delivery, "eventId")).Order());
    }

    [Fact]
    public async Task Producer_can_not_pretend_that_an_event_was_archived_or_partly_delivered()
    {
        await SubscribeAsync(_organization);

        await RunAsync(
            Message("a", properties: [("archived", true), ("after", "t"), ("postponements", 7), ("publishedAt", DateTimeOffset.MinValue)])
        );

        var delivery = Assert.Single(Deliveries());
        Assert.Equal(_services.Time.GetUtcNow(), delivery.ApplicationProperties["publishedAt"]);
        Assert.True(EventId.TryParse("a", out var id));
        Assert.NotNull(await new EventArchive(_services.Tables, Given.Protector).GetAsync(_organization, id, default));
    }

    [Fact]
    public async Task Text_that_is_an_AMQP_value_is_an_event_and_any_other_body_is_refused_alone()
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

    [Theory]
    [InlineData(TableNames.EventArchive)]
    [InlineData(TableNames.Subscriptions)]
    public async Task Event_that_meets_a_broken_table_is_put_off_and_the_others_are_not(string table)
    {
        var other = Given.Organization();
        await SubscribeAsync(_organization);
        await SubscribeAsync(other);
        _services.Flaky.Failure = (name, partition) =>
            name == table && partition == _organization.ToString() ? new RequestFailedException(503, "busy") : null;

        var results = await RunAsync(Message("a"), Message("b", organization: other));

        Assert.All(results, result => Assert.Equal(Settlement.Completed, result));
        Assert.Equal("b", Text(Assert.Single(Deliveries()), "eventId"));

        // It comes back after 5 s, give or take a fifth, and then gets through.
        _services.Flaky.Failure = (_, _) => null;
        _services.Time.Advance(TimeSpan.FromSeconds(3.9));
        Assert.Empty(_services.Receive(QueueNames.FanOut));
        _services.Time.Advance(TimeSpan.FromSeconds(2.2));
        var held = await _services.ReceiveOneAsync(QueueNames.FanOut);
        Assert.Equal("a", Text(held, "eventId"));
        Assert.Equal(1, held.ApplicationProperties["postponements"]);
        await ContinueAsync(held);
        Assert.Equal("a", Text(Assert.Single(Deliveries()), "eventId"));
    }

    [Fact]
    public async Task Event_is_put_off_when_its_deliveries_can_not_be_sent()
    {
        await SubscribeAsync(_organization);
        _services.Deliveries.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);

        Assert.Equal([Settlement.Completed], await RunAsync(Message("a")));

        _services.Time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal("a", Text(await _services.ReceiveOneAsync(QueueNames.FanOut), "eventId"));
    }

    [Fact]
    public async Task Event_is_put_off_when_what_continues_it_can_not_be_sent()
    {
        await SubscribeManyAsync(FanOutProcessor.MaxDeliveries + 1);
        _services.FanOut.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);

        // Postponing fails too, on the same queue.
        Assert.IsType<Settlement.Retry>(Assert.Single(await RunAsync(Message("a"))));
    }

    [Fact]
    public async Task Event_is_stuck_when_it_can_not_be_put_off_either()
    {
        await SubscribeAsync(_organization);
        _services.Flaky.Failure = (_, _) => new RequestFailedException(503, "busy");
        _services.FanOut.Failure = new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy);

        Assert.IsType<Settlement.Retry>(Assert.Single(await RunAsync(Message("a"))));
    }

    [Fact]
    public async Task Event_that_meets_a_mistake_in_the_program_fails_alone()
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
    public async Task Cancellation_ends_it_without_a_result()
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

    private static string Text(ServiceBusReceivedMessage message, string property) => (string)message.ApplicationProperties[property];

    private static IEnumerable<string> Sorted(params IEnumerable<string> texts) => texts.Order(StringComparer.Ordinal);

    [Fact]
    public async Task New_event_is_counted_once_by_its_source_and_its_deliveries_with_it()
    {
        await SubscribeAsync(_organization);
        await SubscribeAsync(_organization);
        var http = Message("a", properties: [("source", "http")]);
        var claimed = Message("b", properties: [("source", "whatever it says")]);

        _services.Time.Advance(TimeSpan.FromSeconds(3));
        await RunAsync(http, claimed, Raw("not json"));
        await RunAsync(http);

        Assert.Equal(["1 source=external", "1 source=http"], _metrics.Of("event_subscriptions.events.published").Order());
        Assert.Equal(["4 cause=event", "2 cause=event"], _metrics.Of("event_subscriptions.deliveries.created"));
        Assert.Equal("3 queue=events", _metrics.Of("event_subscriptions.queue.wait")[0]);
    }

    [Fact]
    public async Task Wait_is_measured_when_a_message_comes_for_the_first_time()
    {
        await RunAsync(
            Message("a"),
            ServiceBusModelFactory.ServiceBusReceivedMessage(BinaryData.FromString("again"), "b", deliveryCount: 2)
        );

        Assert.Equal(["0 queue=events"], _metrics.Of("event_subscriptions.queue.wait"));
    }

    [Fact]
    public async Task Events_of_a_batch_go_on_with_a_trace_each_and_their_deliveries_with_them()
    {
        await SubscribeAsync(_organization);
        var ours = $"00-{new string('a', 32)}-{new string('1', 16)}-01";
        var theirs = $"00-{new string('b', 32)}-{new string('2', 16)}-01";

        await RunAsync(
            Message("a", properties: [("traceparent", ours), ("Diagnostic-Id", theirs)]),
            Message("b", properties: [("Diagnostic-Id", theirs)]),
            Message("c"),
            Raw("not json")
        );

        var traces = _traces.Ended.ToDictionary(
            activity => (string)activity.GetTagItem("event_subscriptions.event.id")!,
            StringComparer.Ordinal
        );
        Assert.Equal(["a", "b", "c"], traces.Keys.Order());
        Assert.Equal((ours[3..35], ours[36..52]), (traces["a"].TraceId.ToString(), traces["a"].ParentSpanId.ToString()));
        Assert.Equal(theirs[3..35], traces["b"].TraceId.ToString());
        Assert.Equal(3, traces.Values.Select(activity => activity.TraceId).Distinct().Count());
        Assert.All(traces.Values, activity => Assert.Empty(activity.Links));
        Assert.All(Deliveries(), delivery => Assert.Equal(traces[Text(delivery, "eventId")!].Id, Text(delivery, "traceparent")));
    }

    [Fact]
    public async Task Event_that_is_put_off_keeps_its_time_and_its_trace()
    {
        var trace = $"00-{new string('a', 32)}-{new string('1', 16)}-01";
        _services.Flaky.Failure = (_, _) => new Azure.RequestFailedException(503, "busy");
        var published = _services.Time.GetUtcNow();

        await RunAsync(Message("a", properties: [("Diagnostic-Id", trace)]));
        _services.Flaky.Failure = (_, _) => null;
        _services.Time.Advance(TimeSpan.FromMinutes(1));
        await SubscribeAsync(_organization);
        await ContinueAsync(await _services.ReceiveOneAsync(QueueNames.FanOut));

        var delivery = Assert.Single(Deliveries());
        Assert.Equal(published, delivery.ApplicationProperties["publishedAt"]);
        Assert.All(_traces.Ended, activity => Assert.Equal(trace[3..35], activity.TraceId.ToString()));
        Assert.Equal(["1 queue=events reason=transient_fault"], _metrics.Of("event_subscriptions.messages.postponed"));
    }

    private static ServiceBusReceivedMessage Amqp(string id, AmqpMessageBody body)
    {
        var message = new AmqpAnnotatedMessage(body);
        message.Header.DeliveryCount = 0;
        message.Properties.MessageId = new AmqpMessageId(id);
        return ServiceBusReceivedMessage.FromAmqpMessage(message, BinaryData.FromBytes(Guid.NewGuid().ToByteArray()));
    }

    private static ServiceBusReceivedMessage Raw(string body) =>
        ServiceBusModelFactory.ServiceBusReceivedMessage(BinaryData.FromString(body), "raw", sequenceNumber: 1);

    private ServiceBusReceivedMessage Message(
        string id,
        string name = "CaseClosedEvent",
        OrganizationId? organization = null,
        params (string Name, object Value)[] properties
    ) =>
        ServiceBusModelFactory.ServiceBusReceivedMessage(
            BinaryData.FromString(
                $$$"""{"eventName":"{{{name}}}","organizationId":{{{organization ?? _organization}}},"data":{"id":"1"}}"""
            ),
            id,
            sequenceNumber: 1,
            properties: properties.ToDictionary(property => property.Name, property => property.Value, StringComparer.Ordinal),
            enqueuedTime: _services.Time.GetUtcNow()
        );

    private ServiceBusReceivedMessage Large(string id)
    {
        var head = $$"""{"eventName":"A","organizationId":{{_organization}},"data":{"x":""" + '"';
        return ServiceBusModelFactory.ServiceBusReceivedMessage(
            BinaryData.FromString(head + new string('x', EventPayload.MaxBytes + 1 - head.Length - 3) + "\"}}"),
            id,
            sequenceNumber: 1
        );
    }

    private Task<IReadOnlyList<Settlement>> RunAsync(params ServiceBusReceivedMessage[] messages) =>
        RunAsync(EventMessage.TryParse, messages);

    private Task<IReadOnlyList<Settlement>> ContinueAsync(params ServiceBusReceivedMessage[] messages) =>
        RunAsync(EventMessage.TryParseCopy, messages);

    /// <summary>Runs the worker; what it leaves to automatic completion counts as completed.</summary>
    private async Task<IReadOnlyList<Settlement>> RunAsync(MessageParser<EventMessage> parser, ServiceBusReceivedMessage[] messages)
    {
        var actions = new SettlementRecorder();
        var source = new QueueSource<EventMessage>(
            parser == EventMessage.TryParse ? QueueNames.Events : QueueNames.FanOut,
            parser,
            _services.FanOut
        );
        var run = Given.Worker(_services.Time, _metrics.Metrics).RunBatchAsync(source, messages, _fanOut.ProcessAsync, actions, default);
        while (!run.IsCompleted)
        {
            // Moves only for a pause: everything else is due later.
            if (_services.FanOut.Failure is not null)
            {
                _services.Time.Advance(TimeSpan.FromSeconds(1));
            }

            await Task.WhenAny(run, Task.Delay(1));
        }

        await run;
        return [.. messages.Select(actions.SettlementOf)];
    }

    private IReadOnlyList<ServiceBusReceivedMessage> Deliveries() => _services.Receive(QueueNames.Deliveries);

    private async Task<string> SubscribeAsync(OrganizationId organization, params string[] events)
    {
        var subscription = Given.Subscription(organization, _services.Time, events);
        await Given.SubscriptionStore(_services.Tables, _services.Time).AddAsync(subscription, Given.Entry(subscription), default);
        return subscription.Id.ToString();
    }

    // Beside the store, which writes them one by one.
    private async Task SubscribeManyAsync(int count)
    {
        await SubscribeAsync(_organization);
        var table = _services.Tables.GetTableClient(TableNames.Subscriptions);
        foreach (var chunk in Enumerable.Range(1, count - 1).Chunk(100))
        {
            await table.SubmitTransactionAsync(
                chunk.Select(_ => new TableTransactionAction(
                    TableTransactionActionType.Add,
                    SubscriptionRow.Make(Given.Subscription(_organization, _services.Time), Given.Protector)
                ))
            );
        }
    }
}
