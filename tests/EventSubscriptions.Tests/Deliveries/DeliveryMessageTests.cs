using Azure.Messaging.ServiceBus;
using EventSubscriptions.Deliveries;

namespace EventSubscriptions.Tests.Deliveries;

public sealed class DeliveryMessageTests
{
    private static readonly DeliveryMessage s_delivery = new()
    {
        OrganizationId = Given.Organization(),
        SubscriptionId = SubscriptionId.New(TimeProvider.System),
        EventId = Given.EventId("evt_1"),
        EventName = "CaseCreatedEvent",
        Attempt = 3,
        Hold = 2,
        FirstAttemptAt = new DateTimeOffset(2026, 1, 1, 12, 0, 0, 123, TimeSpan.Zero),
        TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };

    [Fact]
    public void Message_comes_back_as_it_was_sent()
    {
        var sent = s_delivery.ToServiceBusMessage("{}"u8.ToArray());

        Assert.True(DeliveryMessage.TryParse(Received(sent.ApplicationProperties), out var parsed, out _));
        Assert.Equal(s_delivery, parsed);
        Assert.Equal("{}", sent.Body.ToString());
        Assert.Equal("application/json", sent.ContentType);
    }

    [Fact]
    public void Message_comes_back_when_it_has_only_what_it_must_have()
    {
        var first = s_delivery with { Attempt = 1, Hold = 0, FirstAttemptAt = null, TraceParent = null };

        Assert.True(DeliveryMessage.TryParse(Received(first.ToServiceBusMessage(default).ApplicationProperties), out var parsed, out _));
        Assert.Equal(first, parsed);
    }

    [Fact]
    public void Id_is_the_same_for_the_same_delivery_whatever_else_it_carries()
    {
        var same = s_delivery with { FirstAttemptAt = null, TraceParent = null, EventName = "Other" };

        Assert.Equal(s_delivery.ToServiceBusMessage("{}"u8.ToArray()).MessageId, same.ToServiceBusMessage(default).MessageId);
        Assert.Equal(64, same.ToServiceBusMessage(default).MessageId!.Length);
    }

    [Fact]
    public void Id_differs_between_any_two_deliveries()
    {
        DeliveryMessage[] deliveries =
        [
            s_delivery,
            s_delivery with { OrganizationId = Given.Organization() },
            s_delivery with { SubscriptionId = SubscriptionId.New(TimeProvider.System) },
            s_delivery with { EventId = Given.EventId("evt_2") },
            s_delivery with { Run = "run_1" },
            s_delivery with { Attempt = 4 },
            s_delivery with { Hold = 3 },
            s_delivery with { Attempt = 2, Hold = 3 },
            s_delivery with { EventId = Given.EventId("evt_1r"), Run = "un_1" },
        ];

        Assert.Distinct(deliveries.Select(delivery => delivery.ToServiceBusMessage(default).MessageId));
    }

    [Theory]
    [InlineData("organizationId", null)]
    [InlineData("organizationId", "7")]
    [InlineData("organizationId", 0)]
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
    [InlineData("hold", null)]
    [InlineData("hold", -1)]
    public void Message_is_refused_when_a_property_is_missing_or_wrong(string property, object? value)
    {
        var properties = s_delivery.ToServiceBusMessage(default).ApplicationProperties;
        properties.Remove(property);
        if (value is not null)
        {
            properties[property] = value;
        }

        Assert.False(DeliveryMessage.TryParse(Received(properties), out var delivery, out var reason));
        Assert.Null(delivery);
        Assert.Contains(property, reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Trace_context_is_left_out_when_it_is_none()
    {
        var properties = s_delivery.ToServiceBusMessage(default).ApplicationProperties;
        properties["traceparent"] = "x\r\nHost: elsewhere";

        Assert.True(DeliveryMessage.TryParse(Received(properties), out var delivery, out _));
        Assert.Null(delivery.TraceParent);
    }

    private static ServiceBusReceivedMessage Received(IDictionary<string, object> properties) =>
        ServiceBusModelFactory.ServiceBusReceivedMessage(properties: properties);
}
