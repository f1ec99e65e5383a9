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
}
