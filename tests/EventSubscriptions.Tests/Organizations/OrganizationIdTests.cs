using Azure.Messaging.ServiceBus;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Organizations;
using EventSubscriptions.Replays;

namespace EventSubscriptions.Tests.Organizations;

public sealed class OrganizationIdTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("7", 7)]
    [InlineData("2147483647", int.MaxValue)]
    public void Id_has_one_spelling(string text, int value)
    {
        Assert.True(OrganizationId.TryParse(text, out var id));
        Assert.Equal((value, text), (id.Value, id.ToString()));
        Assert.True(OrganizationId.TryFrom(value, out var same));
        Assert.Equal(id, same);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("01")]
    [InlineData("-0")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("1.0")]
    [InlineData("2147483648")]
    [InlineData("٣")]
    public void Other_text_is_not_valid(string? text) => Assert.False(OrganizationId.TryParse(text, out _));

    [Fact]
    public void Missing_id_is_not_organization_0()
    {
        Assert.False(OrganizationId.TryFrom(null, out var missing));
        Assert.NotEqual(Zero(), missing);
        Assert.Throws<InvalidOperationException>(() => missing.Value);
        Assert.Throws<InvalidOperationException>(() => missing.ToString());
    }

    [Fact]
    public void Message_without_the_property_has_no_organization()
    {
        var message = ServiceBusModelFactory.ServiceBusReceivedMessage(
            body: BinaryData.FromString("{}"),
            properties: new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["subscriptionId"] = SubscriptionId.New(TimeProvider.System).ToString(),
                ["eventId"] = "evt_1",
                ["eventName"] = "CaseClosedEvent",
                ["publishedAt"] = DateTimeOffset.UnixEpoch,
                ["run"] = "event",
                ["attempt"] = 1,
                ["replayId"] = ReplayId.New(TimeProvider.System).ToString(),
                ["sends"] = false,
                ["slice"] = 1,
                ["matched"] = 0L,
                ["sent"] = 0L,
            }
        );

        Assert.False(DeliveryMessage.TryParse(message, out _, out _));
        Assert.Null(DeliveryMessage.OrganizationOf(message));
        Assert.False(ReplayMessage.TryParse(message, out _, out _));
        Assert.False(EventMessage.TryParseCopy(message, out _, out _));
        Assert.False(EventMessage.TryParse(message, out _, out _));
    }

    private static OrganizationId Zero() => OrganizationId.TryFrom(0, out var zero) ? zero : throw new InvalidOperationException();
}
