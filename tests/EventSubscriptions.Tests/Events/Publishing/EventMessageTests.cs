using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Organizations;
using EventSubscriptions.Queues;

namespace EventSubscriptions.Tests.Events.Publishing;

public sealed class EventMessageTests
{
    private static readonly byte[] s_payload = """{"eventName":"A","organizationId":1,"data":{}}"""u8.ToArray();

    private static readonly DateTimeOffset s_at = new(2026, 1, 31, 10, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("own-id", "message-id", "own-id")]
    [InlineData(null, "message-id", "message-id")]
    [InlineData("", "message-id", "message-id")]
    [InlineData(null, "0b6ee8f1-8a22-4b2f-8a48-7bf2b8c9f0b5", "0b6ee8f1-8a22-4b2f-8a48-7bf2b8c9f0b5")]
    public void Id_is_the_property_or_else_the_message_id(string? property, string? messageId, string expected) =>
        Assert.Equal(expected, EventMessage.IdOf(Message(property, messageId)).ToString());

    [Theory]
    [InlineData("7.own-id", null)]
    [InlineData(null, "7.own-id")]
    [InlineData(null, "urn:uuid:1")]
    [InlineData(null, "sys_sub_1_1_failing")]
    public void Id_is_hashed_when_its_form_is_not_valid(string? property, string? messageId) =>
        Assert.Matches("^evt_[0-9a-f]{32}$", EventMessage.IdOf(Message(property, messageId)).ToString());

    [Fact]
    public void Message_without_an_id_gets_a_stable_and_unique_one()
    {
        var id = EventMessage.IdOf(Message(null, null, sequenceNumber: 1)).ToString();

        Assert.Matches("^evt_[0-9a-f]{32}$", id);
        Assert.Equal(id, EventMessage.IdOf(Message(null, null, sequenceNumber: 1)).ToString());
        Assert.NotEqual(id, EventMessage.IdOf(Message(null, null, sequenceNumber: 2)).ToString());
    }

    [Fact]
    public void New_event_is_dropped_as_a_duplicate_by_organization_and_id()
    {
        Assert.True(EventId.TryParse("an-id", out var id));
        Assert.True(OrganizationId.TryFrom(7, out var organization));

        var message = EventMessage.Create(
            organization,
            id,
            new byte[] { 1 },
            EventSource.Http,
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        );

        Assert.Equal("7.an-id", message.MessageId);
        Assert.Equal("application/json", message.ContentType);
        Assert.Equal("an-id", message.ApplicationProperties["eventId"]);
        Assert.Equal("http", message.ApplicationProperties["source"]);
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", message.ApplicationProperties["traceparent"]);
    }

    [Fact]
    public void Postponed_copy_has_everything_of_the_event_and_is_not_a_duplicate()
    {
        var original = Parse(Message(null, "message-id"));

        var once = original.ToPostponed(s_at);
        var twice = ParseCopy(once).ToPostponed(s_at);

        Assert.Equal(s_payload, once.Body.ToArray());
        Assert.Equal(s_at, once.ScheduledEnqueueTime);
        Assert.NotEqual("message-id", once.MessageId);
        var copy = ParseCopy(twice);
        Assert.Equal(
            (original.EventId, original.EventName, original.Organization, original.Source, original.PublishedAt, 2),
            (copy.EventId, copy.EventName, copy.Organization, copy.Source, copy.PublishedAt, copy.Postponements)
        );
    }

    [Fact]
    public void Continuation_has_the_subscription_after_which_it_continues()
    {
        var continuation = ParseCopy(Parse(Message("a", "m")).ToContinuation("sub_1"));

        Assert.Equal((true, "sub_1"), (continuation.IsArchived, continuation.After));
        Assert.Equal(
            (true, "sub_1"),
            (ParseCopy(continuation.ToContinuation(null)).IsArchived, ParseCopy(continuation.ToContinuation(null)).After)
        );
    }

    [Fact]
    public void Copies_are_duplicates_only_if_message_and_purpose_are_the_same()
    {
        var message = Parse(Message(null, "a"));
        string?[] ids =
        [
            message.ToPostponed(s_at).MessageId,
            ParseCopy(message.ToPostponed(s_at)).ToPostponed(s_at).MessageId,
            Parse(Message(null, "a", sequenceNumber: 2)).ToPostponed(s_at).MessageId,
            message.ToContinuation(null).MessageId,
            message.ToContinuation("sub_1").MessageId,
            message.ToRequeued(s_at).MessageId,
        ];

        Assert.Distinct(ids);
        Assert.Equal(ids[0], Parse(Message(null, "a")).ToPostponed(s_at.AddMinutes(1)).MessageId);
    }

    [Fact]
    public void Requeued_copy_counts_its_requeues()
    {
        var once = Parse(Message(null, "a")).ToRequeued(s_at);
        var twice = ParseCopy(once).ToRequeued(s_at);

        Assert.Equal((1, 2), (once.ApplicationProperties["requeues"], twice.ApplicationProperties["requeues"]));
    }

    [Fact]
    public void Properties_of_a_producer_do_not_become_those_of_a_copy()
    {
        var message = Parse(
            ServiceBusModelFactory.ServiceBusReceivedMessage(
                BinaryData.FromBytes(s_payload),
                messageId: "a",
                properties: new Dictionary<string, object>(StringComparer.Ordinal)
                {
                    ["theirs"] = new string('x', 30_000),
                    ["source"] = "http",
                    ["after"] = "s",
                    ["archived"] = true,
                    ["postponements"] = 3,
                    ["requeues"] = 3,
                    ["organizationId"] = 8,
                }
            )
        );

        string[] always = ["organizationId", "eventId", "eventName", "source", "publishedAt"];
        Assert.Equal([.. always, "postponements"], message.ToPostponed(s_at).ApplicationProperties.Keys);
        Assert.Equal([.. always, "archived"], message.ToContinuation(null).ApplicationProperties.Keys);
        Assert.Equal([.. always, "requeues"], message.ToRequeued(s_at).ApplicationProperties.Keys);
        Assert.Equal(1, message.ToPostponed(s_at).ApplicationProperties["organizationId"]);
    }

    [Theory]
    [InlineData("eventId")]
    [InlineData("eventName")]
    [InlineData("organizationId")]
    [InlineData("publishedAt")]
    public void Message_of_another_application_is_not_a_copy(string missing)
    {
        var copy = Parse(Message("a", "m")).ToPostponed(s_at);
        copy.ApplicationProperties.Remove(missing);
        var received = ServiceBusModelFactory.ServiceBusReceivedMessage(copy.Body, copy.MessageId, properties: copy.ApplicationProperties);

        Assert.False(EventMessage.TryParseCopy(received, out _, out var malformed));
        Assert.Equal(DeadLetterReason.MalformedEvent, malformed.Reason);
    }

    [Fact]
    public void Message_with_the_name_of_an_operational_event_is_refused()
    {
        var message = ServiceBusModelFactory.ServiceBusReceivedMessage(
            BinaryData.FromString("""{"eventName":"SubscriptionFailingEvent","organizationId":1,"data":{}}""")
        );

        Assert.False(EventMessage.TryParse(message, out _, out var malformed));

        Assert.Equal(DeadLetterReason.ReservedName, malformed.Reason);
    }

    [Fact]
    public void Message_of_another_producer_is_external_when_it_says_that_this_app_sent_it()
    {
        var message = ServiceBusModelFactory.ServiceBusReceivedMessage(
            BinaryData.FromBytes(s_payload),
            properties: new Dictionary<string, object>(StringComparer.Ordinal) { ["source"] = "system" }
        );

        Assert.True(EventMessage.TryParse(message, out var parsed, out _));

        Assert.Equal(EventSource.External, parsed.Source);
    }

    [Fact]
    public void Operational_event_is_read_from_the_queue_fanout_and_has_the_same_message_id_each_time()
    {
        var item = OperationalEvent.Create(
            OrganizationId.TryFrom(7, out var organization) ? organization : default,
            OperationalEvents.SubscriptionFailing,
            "sub_0369fr2l8q7bh0v1m6c4dktp5s",
            s_at,
            "50",
            json => json.WriteNumber("percent", 50)
        );

        var sent = EventMessage.CreateOperational(item, s_at, traceParent: null);
        var received = ServiceBusModelFactory.ServiceBusReceivedMessage(sent.Body, sent.MessageId, properties: sent.ApplicationProperties);

        Assert.True(EventMessage.TryParseCopy(received, out var message, out _));
        Assert.Equal((item.Organization, item.Id, item.Name), (message.Organization, message.EventId, message.EventName));
        Assert.Equal((EventSource.System, false, s_at), (message.Source, message.IsArchived, message.PublishedAt));
        Assert.Equal(item.Payload.ToArray(), message.Payload.ToArray());
        Assert.Equal(sent.MessageId, EventMessage.CreateOperational(item, s_at.AddHours(1), "x").MessageId);
    }

    [Theory]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true)]
    [InlineData("nonsense\r\n", false)]
    public void Trace_context_is_read_when_it_is_valid(string value, bool taken)
    {
        var message = ServiceBusModelFactory.ServiceBusReceivedMessage(
            BinaryData.FromBytes(s_payload),
            properties: new Dictionary<string, object>(StringComparer.Ordinal) { ["traceparent"] = value }
        );

        Assert.Equal(taken ? value : null, Parse(message).TraceParent);
    }

    private static EventMessage Parse(ServiceBusReceivedMessage message)
    {
        Assert.True(EventMessage.TryParse(message, out var parsed, out var malformed), malformed?.Description);
        return parsed;
    }

    /// <summary>What is received of a copy.</summary>
    private static EventMessage ParseCopy(ServiceBusMessage copy)
    {
        var received = ServiceBusModelFactory.ServiceBusReceivedMessage(
            copy.Body,
            copy.MessageId,
            properties: copy.ApplicationProperties,
            sequenceNumber: 7
        );
        Assert.True(EventMessage.TryParseCopy(received, out var parsed, out var malformed), malformed?.Description);
        return parsed;
    }

    private static ServiceBusReceivedMessage Message(string? property, string? messageId, int sequenceNumber = 1)
    {
        var properties = new Dictionary<string, object>(StringComparer.Ordinal);
        if (property is not null)
        {
            properties["eventId"] = property;
        }

        return ServiceBusModelFactory.ServiceBusReceivedMessage(
            BinaryData.FromBytes(s_payload),
            messageId,
            properties: properties,
            sequenceNumber: sequenceNumber,
            enqueuedTime: s_at
        );
    }
}
