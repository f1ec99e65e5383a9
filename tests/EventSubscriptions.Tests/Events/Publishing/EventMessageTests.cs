using Azure.Messaging.ServiceBus;
using EventSubscriptions.Events;
using EventSubscriptions.Events.FanOut;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Organizations;

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
    public void Id_is_the_property_else_the_message_id(string? property, string? messageId, string expected) =>
        Assert.Equal(expected, EventMessage.IdOf(Message(property, messageId)).ToString());

    [Theory]
    [InlineData("7.own-id", null)]
    [InlineData(null, "7.own-id")]
    [InlineData(null, "urn:uuid:1")]
    public void Id_of_another_form_is_hashed(string? property, string? messageId) =>
        Assert.Matches("^evt_[0-9a-f]{32}$", EventMessage.IdOf(Message(property, messageId)).ToString());

    [Fact]
    public void Id_of_a_message_that_has_none_is_always_the_same_and_nobody_elses()
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

        var message = EventMessage.Create(organization, id, new byte[] { 1 }, EventMessage.HttpSource, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        Assert.Equal("7.an-id", message.MessageId);
        Assert.Equal("application/json", message.ContentType);
        Assert.Equal("an-id", message.ApplicationProperties["eventId"]);
        Assert.Equal("http", message.ApplicationProperties["source"]);
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", message.ApplicationProperties["traceparent"]);
    }

    [Fact]
    public void Copy_keeps_what_the_event_is_and_is_no_duplicate_of_it()
    {
        var original = Message(null, "message-id", hold: 2);

        var copy = EventMessage.PutOff(Item(original), s_at);

        Assert.Equal(s_payload, copy.Body.ToArray());
        Assert.Equal("message-id", copy.ApplicationProperties["eventId"]);
        Assert.Equal(3, copy.ApplicationProperties["hold"]);
        Assert.Equal(s_at, copy.ScheduledEnqueueTime);
        Assert.NotEqual("message-id", copy.MessageId);
    }

    [Fact]
    public void Copies_of_one_message_for_one_purpose_are_duplicates_and_for_another_are_not()
    {
        string?[] ids =
        [
            EventMessage.PutOff(Item(Message(null, "a")), s_at).MessageId,
            EventMessage.PutOff(Item(Message(null, "a", hold: 1)), s_at).MessageId,
            EventMessage.PutOff(Item(Message(null, "a", sequenceNumber: 2)), s_at).MessageId,
            EventMessage.Continue(Item(Message(null, "a")), null).MessageId,
            EventMessage.Continue(Item(Message(null, "a")), "sub_1").MessageId,
            EventMessage.PutBack(Message(null, "a"), s_at, isCopy: true).MessageId,
        ];

        Assert.Distinct(ids);
        Assert.Equal(ids[0], EventMessage.PutOff(Item(Message(null, "a")), s_at.AddMinutes(1)).MessageId);
    }

    [Fact]
    public void Message_that_is_put_back_counts_it_and_sheds_why_it_was_given_up()
    {
        var once = EventMessage.PutBack(DeadLetter(returned: null), s_at, isCopy: true);
        var twice = EventMessage.PutBack(DeadLetter(returned: 1), s_at, isCopy: true);

        Assert.Equal(1, once.ApplicationProperties["returned"]);
        Assert.Equal(2, twice.ApplicationProperties["returned"]);
        Assert.DoesNotContain("DeadLetterReason", once.ApplicationProperties.Keys);
        Assert.DoesNotContain("DeadLetterErrorDescription", once.ApplicationProperties.Keys);
    }

    [Fact]
    public void Copies_shed_the_properties_that_external_producers_added()
    {
        var message = ServiceBusModelFactory.ServiceBusReceivedMessage(
            BinaryData.FromBytes(s_payload),
            messageId: "a",
            properties: new Dictionary<string, object>(StringComparer.Ordinal) 
            {
                ["theirs"] = new string('x', 30_000),
                ["source"] = "http",
                ["after"] = "s",
                ["archived"] = true,
                ["hold"] = 3,
            });

        Assert.Equal(["eventId", "hold", "publishedAt", "source"], EventMessage.PutOff(Item(message, isCopy: false), s_at).ApplicationProperties.Keys.Order());
        Assert.Equal(["archived", "eventId", "publishedAt", "source"], EventMessage.Continue(Item(message, isCopy: false), null).ApplicationProperties.Keys.Order());
        Assert.Equal(["eventId", "publishedAt", "returned", "source"], EventMessage.PutBack(message, s_at, isCopy: false).ApplicationProperties.Keys.Order());
    }

    [Theory]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true)]
    [InlineData("nonsense\r\n", false)]
    public void Trace_context_is_taken_where_it_is_one(string value, bool taken)
    {
        var message = ServiceBusModelFactory.ServiceBusReceivedMessage(properties: new Dictionary<string, object>(StringComparer.Ordinal) { ["traceparent"] = value });

        Assert.Equal(taken ? value : null, EventMessage.TraceParentOf(message));
    }

    private static FanOutItem Item(ServiceBusReceivedMessage message, bool isCopy = true) => FanOutItem.Read(message, isCopy);

    private static ServiceBusReceivedMessage DeadLetter(int? returned)
    {
        var properties = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["DeadLetterReason"] = "MaxDeliveryCountExceeded",
            ["DeadLetterErrorDescription"] = "too often",
        };
        if (returned is { } count)
        {
            properties["returned"] = count;
        }

        return ServiceBusModelFactory.ServiceBusReceivedMessage(messageId: "a", properties: properties);
    }

    private static ServiceBusReceivedMessage Message(string? property, string? messageId, int sequenceNumber = 1, int hold = 0)
    {
        var properties = new Dictionary<string, object>(StringComparer.Ordinal);
        if (property is not null)
        {
            properties["eventId"] = property;
        }

        if (hold > 0)
        {
            properties["hold"] = hold;
        }

        return ServiceBusModelFactory.ServiceBusReceivedMessage(
            BinaryData.FromBytes(s_payload), messageId, properties: properties, sequenceNumber: sequenceNumber, enqueuedTime: s_at);
    }
}
