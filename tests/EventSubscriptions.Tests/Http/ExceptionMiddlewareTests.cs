using Azure;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Http;

namespace EventSubscriptions.Tests.Http;

public sealed class ExceptionMiddlewareTests
{
    public static TheoryData<Exception, bool> Exceptions => new()
    {
        { new RequestFailedException(0, "no connection"), true },
        { new RequestFailedException(429, "slow down"), true },
        { new RequestFailedException(500, "oops"), true },
        { new RequestFailedException(503, "busy"), true },
        { new RequestFailedException(400, "our mistake"), false },
        { new RequestFailedException(401, "no identity yet"), true },
        { new RequestFailedException(403, "no role yet"), true },
        { new RequestFailedException(404, "no table yet", "TableNotFound", null), true },
        { new RequestFailedException(404, "no row", "ResourceNotFound", null), false },
        { new ServiceBusException("busy", ServiceBusFailureReason.ServiceBusy), true },
        { new ServiceBusException("too large", ServiceBusFailureReason.MessageSizeExceeded), false },
        { new TaskCanceledException(), true },
        { new TimeoutException(), true },
        { new AggregateException(new RequestFailedException(0, "one"), new RequestFailedException(503, "two")), true },
        { new AggregateException(new RequestFailedException(0, "one"), new InvalidOperationException()), false },
        { new InvalidOperationException(), false },
    };

    [Theory]
    [MemberData(nameof(Exceptions))]
    public void Unavailable_is_what_a_repeat_may_mend(Exception exception, bool expected) =>
        Assert.Equal(expected, ExceptionMiddleware.IsUnavailable(exception));
}
