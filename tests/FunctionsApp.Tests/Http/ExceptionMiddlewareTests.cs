using Azure;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Http;

public sealed class ExceptionMiddlewareTests
{
    private readonly ExceptionMiddleware _middleware = new(NullLogger<ExceptionMiddleware>.Instance);

    public static TheoryData<Exception, bool> Exceptions => new()
    {
        { new RequestFailedException(0, "no connection"), true },
        { new RequestFailedException(429, "slow down"), true },
        { new RequestFailedException(500, "oops"), true },
        { new RequestFailedException(503, "busy"), true },
        { new RequestFailedException(400, "our mistake"), false },
        { new RequestFailedException(403, "not allowed"), false },
        { new RequestFailedException(404, "no table"), false },
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

    [Fact]
    public async Task Unavailable_storage_is_503_with_the_time_to_try_again()
    {
        var reply = await ThrowAsync(new RequestFailedException(503, "busy"));

        Assert.Equal(503, reply.Status);
        Assert.Equal("5", reply.Headers.RetryAfter);
        Assert.Equal("application/problem+json", reply.Headers.ContentType);
    }

    [Fact]
    public async Task Surprise_is_500_and_its_details_stay_here()
    {
        var reply = await ThrowAsync(new InvalidOperationException("s3cret"));

        Assert.Equal(500, reply.Status);
        Assert.DoesNotContain("s3cret", reply.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_that_breaks_off_keeps_its_status() =>
        Assert.Equal(408, (await ThrowAsync(new BadHttpRequestException("too slow", 408))).Status);

    [Fact]
    public async Task Function_without_a_request_keeps_its_exception()
    {
        var invocation = Invocations.Of(null);

        await Assert.ThrowsAsync<InvalidOperationException>(() => _middleware.Invoke(invocation.Context, _ => throw new InvalidOperationException()));
    }

    [Fact]
    public async Task Caller_who_has_left_is_no_failure()
    {
        var http = new DefaultHttpContext { RequestAborted = new CancellationToken(canceled: true) };
        var invocation = Invocations.Of(http);

        await _middleware.Invoke(invocation.Context, _ => throw new OperationCanceledException());

        Assert.Equal(499, (await invocation.Answer!.ReplyAsync()).Status);
    }

    private async Task<Reply> ThrowAsync(Exception exception)
    {
        var invocation = Invocations.Of(new DefaultHttpContext());
        await _middleware.Invoke(invocation.Context, _ => throw exception);
        return await invocation.Answer!.ReplyAsync();
    }
}
