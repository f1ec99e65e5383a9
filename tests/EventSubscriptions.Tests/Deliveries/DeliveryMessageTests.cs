using Azure.Messaging.ServiceBus;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Events;
using EventSubscriptions.Queues;

namespace EventSubscriptions.Tests.Deliveries;

public sealed class DeliveryMessageTests
{
    private static readonly DeliveryMessage s_delivery = new()
    {
        OrganizationId = Given.Organization(),
        SubscriptionId = SubscriptionId.New(TimeProvider.System),
        EventId = Given.EventId("evt_1"),
        EventName = EventName.Parse("CaseCreatedEvent"),
        Attempt = 3,
        Postponements = 2,
        FirstAttemptAt = new DateTimeOffset(2026, 1, 1, 12, 0, 0, 123, TimeSpan.Zero),
        TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };

    [Fact]
    public void Message_round_trips()
    {
        var sent = (s_delivery with { Payload = "{}"u8.ToArray() }).ToServiceBusMessage();

        Assert.True(
            DeliveryMessage.TryParse(
                ServiceBusModelFactory.ServiceBusReceivedMessage(sent.Body, properties: sent.ApplicationProperties),
                out var parsed,
                out _
            )
        );
        Assert.Equal(s_delivery, parsed with { Payload = default });
        Assert.Equal("{}"u8.ToArray(), parsed.Payload.ToArray());
        Assert.Equal("{}", sent.Body.ToString());
        Assert.Equal("application/json", sent.ContentType);
    }

    [Fact]
    public void Message_round_trips_when_it_has_only_required_properties()
    {
        var first = s_delivery with { Attempt = 1, Postponements = 0, FirstAttemptAt = null, TraceParent = null };

        Assert.True(DeliveryMessage.TryParse(Received(first.ToServiceBusMessage().ApplicationProperties), out var parsed, out _));
        Assert.Equal(first, parsed);
    }

    [Fact]
    public void Message_id_depends_on_the_delivery_only()
    {
        var same = s_delivery with { FirstAttemptAt = null, TraceParent = null, EventName = EventName.Parse("Other") };

        Assert.Equal(
            (s_delivery with { Payload = "{}"u8.ToArray() }).ToServiceBusMessage().MessageId,
            same.ToServiceBusMessage().MessageId
        );
        Assert.Equal(64, same.ToServiceBusMessage().MessageId!.Length);
    }

    [Fact]
    public void Message_id_differs_between_two_deliveries()
    {
        DeliveryMessage[] deliveries =
        [
            s_delivery,
            s_delivery with
            {
                OrganizationId = Given.Organization(),
            },
            s_delivery with
            {
                SubscriptionId = SubscriptionId.New(TimeProvider.System),
            },
            s_delivery with
            {
                EventId = Given.EventId("evt_2"),
            },
            s_delivery with
            {
                Run = Given.Run("run_1"),
            },
            s_delivery with
            {
                Attempt = 4,
            },
            s_delivery with
            {
                Postponements = 3,
            },
            s_delivery with
            {
                Attempt = 2,
                Postponements = 3,
            },
            s_delivery with
            {
                EventId = Given.EventId("evt_1r"),
                Run = Given.Run("un_1"),
            },
        ];

        Assert.Distinct(deliveries.Select(delivery => delivery.ToServiceBusMessage().MessageId));
    }

    [Theory]
    [InlineData("organizationId", null)]
    [InlineData("organizationId", "7")]
    [InlineData("organizationId", -1)]
    [InlineData("organizationId", 5_000_000_000L)]
    [InlineData("subscriptionId", null)]
    [InlineData("subscriptionId", "sub_1")]
    [InlineData("subscriptionId", 1)]
    [InlineData("eventId", null)]
    [InlineData("eventId", "")]
    [InlineData("eventId", "a b")]
    [InlineData("eventName", null)]
    [InlineData("eventName", "")]
    [InlineData("run", null)]
    [InlineData("run", "a/b")]
    [InlineData("attempt", null)]
    [InlineData("attempt", 0)]
    [InlineData("attempt", "1")]
    public void Message_is_refused_when_a_property_is_missing_or_invalid(string property, object? value)
    {
        var properties = s_delivery.ToServiceBusMessage().ApplicationProperties;
        properties.Remove(property);
        if (value is not null)
        {
            properties[property] = value;
        }

        Assert.False(DeliveryMessage.TryParse(Received(properties), out var delivery, out var malformed));
        Assert.Null(delivery);
        Assert.Equal(DeadLetterReason.MalformedDelivery, malformed.Reason);
        Assert.Contains(property, malformed.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Postponed_message_counts_its_postponements_and_has_no_payload()
    {
        var until = new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero);

        var postponed = (s_delivery with { Payload = "{}"u8.ToArray() }).ToPostponed(until);

        Assert.True(DeliveryMessage.TryParse(Received(postponed.ApplicationProperties), out var parsed, out _));
        Assert.Equal(s_delivery with { Postponements = s_delivery.Postponements + 1 }, parsed);
        Assert.Equal((until, ""), (postponed.ScheduledEnqueueTime, postponed.Body.ToString()));
    }

    [Theory]
    [InlineData("hold", 5, 5)]
    [InlineData("postponements", -1, 0)]
    [InlineData("postponements", "x", 0)]
    public void Postponements_of_0_1_count_and_invalid_ones_are_ignored(string property, object value, int expected)
    {
        var properties = s_delivery.ToServiceBusMessage().ApplicationProperties;
        properties.Remove("postponements");
        properties[property] = value;

        Assert.True(DeliveryMessage.TryParse(Received(properties), out var delivery, out _));
        Assert.Equal(expected, delivery.Postponements);
    }

    [Fact]
    public void Trace_context_is_omitted_when_it_is_invalid()
    {
        var properties = s_delivery.ToServiceBusMessage().ApplicationProperties;
        properties["traceparent"] = "x\r\nHost: elsewhere";

        Assert.True(DeliveryMessage.TryParse(Received(properties), out var delivery, out _));
        Assert.Null(delivery.TraceParent);
    }

    private static ServiceBusReceivedMessage Received(IDictionary<string, object> properties) =>
        ServiceBusModelFactory.ServiceBusReceivedMessage(properties: properties);
}
