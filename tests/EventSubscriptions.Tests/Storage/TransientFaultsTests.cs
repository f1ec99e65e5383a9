using System.Security.Cryptography;
using Azure;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Tests.Storage;

public sealed class TransientFaultsTests
{
    public static TheoryData<Exception, bool> Exceptions =>
        new()
        {
            { new RequestFailedException(0, "no answer"), true },
            { new RequestFailedException(401, "no identity yet"), true },
            { new RequestFailedException(403, "no role yet"), true },
            { new RequestFailedException(404, "no table yet"), true },
            { new RequestFailedException(412, "changed meanwhile"), true },
            { new RequestFailedException(429, "slow down"), true },
            { new TaskCanceledException(), true },
            { new RequestFailedException(503, "busy"), true },
            { new RequestFailedException(400, "not a row"), false },
            { new RequestFailedException(413, "too large"), false },
            { new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy), true },
            { new ServiceBusException("full", ServiceBusFailureReason.QuotaExceeded), true },
            { new ServiceBusException("too large", ServiceBusFailureReason.MessageSizeExceeded), false },
            { new TimeoutException(), true },
            { new IOException(), true },
            { new CryptographicException(), true },
            { new AggregateException(new RequestFailedException(503, "busy"), new TimeoutException()), true },
            { new AggregateException(new RequestFailedException(503, "busy"), new InvalidOperationException()), false },
            { new InvalidOperationException(), false },
            { new NullReferenceException(), false },
        };

    [Theory]
    [MemberData(nameof(Exceptions))]
    public void Fault_is_transient_unless_it_is_a_bug(Exception exception, bool isTransient) =>
        Assert.Equal(isTransient, TransientFaults.IsTransient(exception));

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(0, 5)]
    [InlineData(1, 10)]
    [InlineData(5, 160)]
    [InlineData(6, 300)]
    [InlineData(int.MaxValue, 300)]
    public void Postponement_doubles_up_to_five_minutes_with_jitter(int postponements, int seconds)
    {
        var random = new Random(postponements);

        var delays = Enumerable
            .Range(0, 200)
            .Select(_ => TransientFaults.PostponementDelay(postponements, random).TotalSeconds / seconds)
            .ToArray();

        Assert.All(delays, delay => Assert.InRange(delay, 0.8, 1.2));
        Assert.True(delays.Max() - delays.Min() > 0.3);
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 10)]
    [InlineData(5, 80)]
    [InlineData(6, 120)]
    [InlineData(int.MaxValue, 120)]
    public void Redelivery_delay_doubles_up_to_two_minutes(int deliveryCount, int seconds) =>
        Assert.Equal(seconds, TransientFaults.RedeliveryDelay(deliveryCount).TotalSeconds);
}
