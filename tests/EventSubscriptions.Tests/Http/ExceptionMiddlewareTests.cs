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
    [Fact]
    public async Task Outage_is_logged_once_however_many_requests_fail()
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
        var context = new TestFunctionContext
        {
            Definition = new LocalFunctionDefinition("PublishFunctions"),
            Items = { ["HttpRequestContext"] = http },
        };
        await middleware.Invoke(context, _ => throw new ServiceBusException("the disk is full", ServiceBusFailureReason.ServiceBusy));
        return http.Response.StatusCode;
    }
}
