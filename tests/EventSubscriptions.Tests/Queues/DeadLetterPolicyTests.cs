using EventSubscriptions.Queues;

namespace EventSubscriptions.Tests.Queues;

public sealed class DeadLetterPolicyTests
{
    [Theory]
    [InlineData("MaxDeliveryCountExceeded", 0, "00:01:00")]
    [InlineData("MaxDeliveryCountExceeded", 1, "00:10:00")]
    [InlineData("MaxDeliveryCountExceeded", 2, "01:00:00")]
    [InlineData("MaxDeliveryCountExceeded", 3, null)]
    [InlineData("MaxDeliveryCountExceeded", int.MaxValue, null)]
    [InlineData("MaxDeliveryCountExceeded", -1, "00:01:00")]
    [InlineData("MalformedEvent", 0, null)]
    [InlineData("RetriesExhausted", 0, null)]
    [InlineData("TTLExpiredException", 0, null)]
    [InlineData(null, 0, null)]
    public void Policy_puts_back_three_times_what_the_broker_gave_up_and_records_the_rest(string? reason, int returned, string? wait) =>
        Assert.Equal(wait, DeadLetterPolicy.PutBackAfter(reason, returned)?.ToString());
}
