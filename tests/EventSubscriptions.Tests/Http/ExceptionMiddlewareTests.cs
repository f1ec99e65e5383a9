using Azure;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Http;
using EventSubscriptions.Telemetry;
using LocalHost.Functions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

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

    [Fact]
    public async Task One_warning_tells_of_an_outage_however_many_requests_it_fails()
    {
        var clock = new TestClock();
        var logger = new RecordingLogger<ExceptionMiddleware>();
        var middleware = new ExceptionMiddleware(clock, logger);

        for (var request = 0; request < 3; request++)
        {
            Assert.Equal(StatusCodes.Status503ServiceUnavailable, await Fail(middleware));
            clock.Advance(Outage.End / 2);
        }

        Assert.Equal([LogLevel.Warning, LogLevel.Debug, LogLevel.Debug], logger.Entries.Select(entry => entry.Level));

        clock.Advance(Outage.End);
        await Fail(middleware);
        Assert.Equal(LogLevel.Warning, logger.Entries[^1].Level);
    }

    private static async Task<int> Fail(ExceptionMiddleware middleware)
    {
        await using var services = new ServiceCollection().AddLogging().BuildServiceProvider();
        var http = new DefaultHttpContext { RequestServices = services };
        var context = new TestFunctionContext { Definition = new LocalFunctionDefinition("PublishFunctions"), Items = { ["HttpRequestContext"] = http } };
        await middleware.Invoke(context, _ => throw new ServiceBusException("the disk is full", ServiceBusFailureReason.ServiceBusy));
        return http.Response.StatusCode;
    }
}
