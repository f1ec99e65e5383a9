using Azure.Messaging.ServiceBus;
using EventSubscriptions.Queues;

namespace EventSubscriptions.Tests.Queues;

public sealed class DeadLetterPolicyTests
{
    [Theory]
    [InlineData(DeadLetterReason.MaxDeliveryCountExceeded, 0, "00:01:00")]
    [InlineData(DeadLetterReason.MaxDeliveryCountExceeded, 1, "00:10:00")]
    [InlineData(DeadLetterReason.MaxDeliveryCountExceeded, 2, "01:00:00")]
    [InlineData(DeadLetterReason.MaxDeliveryCountExceeded, 3, null)]
    [InlineData(DeadLetterReason.MaxDeliveryCountExceeded, int.MaxValue, null)]
    [InlineData(DeadLetterReason.MaxDeliveryCountExceeded, -1, "00:01:00")]
    [InlineData(DeadLetterReason.MalformedEvent, 0, null)]
    [InlineData(DeadLetterReason.RetriesExhausted, 0, null)]
    [InlineData(null, 0, null)]
    public void Policy_requeues_three_times_after_too_many_deliveries_and_records_the_rest(
        DeadLetterReason? reason,
        int requeues,
        string? delay
    ) => Assert.Equal(delay, DeadLetterPolicy.RequeueAfter(reason, requeues)?.ToString());

    /// <summary>Service Bus refuses to send a message with the properties that it adds to dead letters.</summary>
    [Fact]
    public void Requeued_copy_has_the_properties_of_the_message_without_those_of_the_dead_letter()
    {
        var deadLetter = ServiceBusModelFactory.ServiceBusReceivedMessage(
            body: new BinaryData("{}"),
            properties: new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["attempt"] = 2,
                ["DeadLetterReason"] = "MaxDeliveryCountExceeded",
                ["DeadLetterErrorDescription"] = "It failed too often.",
            }
        );

        var copy = DeadLetterPolicy.Requeue(deadLetter, DateTimeOffset.MaxValue);

        Assert.Equal(["attempt", "requeues"], copy.ApplicationProperties.Keys.Order(StringComparer.Ordinal));
    }
}
