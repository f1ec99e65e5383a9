using System.Security.Cryptography;
using Azure;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Tests.Storage;

public sealed class TransientFaultsTests
{
    public static TheoryData<Exception, bool> Exceptions => new()
    {
        { new RequestFailedException(0, "no answer"), true },
        { new RequestFailedException(403, "no role yet"), true },
        { new RequestFailedException(404, "no table"), true },
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
    public void Trouble_passes_and_mistakes_stay(Exception exception, bool isTrouble) => Assert.Equal(isTrouble, TransientFaults.Is(exception));

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(0, 5)]
    [InlineData(1, 10)]
    [InlineData(5, 160)]
    [InlineData(6, 300)]
    [InlineData(int.MaxValue, 300)]
    public void Wait_doubles_up_to_five_minutes_give_or_take_a_fifth(int hold, int seconds)
    {
        var random = new Random(hold);

        var waits = Enumerable.Range(0, 200).Select(_ => TransientFaults.Wait(hold, random).TotalSeconds / seconds).ToArray();

        Assert.All(waits, wait => Assert.InRange(wait, 0.8, 1.2));
        Assert.True(waits.Max() - waits.Min() > 0.3);
    }
}
