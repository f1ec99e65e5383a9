using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Http;

/// <summary>
/// Turns exceptions of HTTP functions into problem details: 503 for transient faults, so that callers retry, and 500 without details for
/// the rest. Functions with other triggers keep their exceptions, because those decide about redelivery.
/// </summary>
public sealed partial class ExceptionMiddleware(TimeProvider time, ILogger<ExceptionMiddleware> logger) : IFunctionsWorkerMiddleware
{
    private readonly Outage _outage = new(time);

    /// <inheritdoc/>
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is not { } http)
        {
            await next(context);
            return;
        }

        TransportSecurity.Apply(http);
        // The edge of the trigger: nothing above can respond to the caller.
        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            if (ToResult(exception, context, http) is { } result)
            {
                await result.ExecuteAsync(http);
            }
        }
    }

    private IResult? ToResult(Exception exception, FunctionContext context, HttpContext http)
    {
        var function = context.FunctionDefinition.Name;
        if (http.RequestAborted.IsCancellationRequested)
        {
            Log.CallerDisconnected(logger, function);
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }

        if (http.Response.HasStarted)
        {
            Log.FailedAfterStart(logger, exception, function);
            http.Abort();
            return null;
        }

        if (exception is BadHttpRequestException bad)
        {
            return Problem.Of(bad.StatusCode, "The request could not be read completely.");
        }

        if (TransientFaults.IsTransient(exception))
        {
            var level = _outage.NextLevel();
            Log.Unavailable(logger, level, exception, function);
            return Problem.Unavailable("Storage or Service Bus is unavailable. Try again shortly.");
        }

        Log.Failed(logger, exception, function);
        return Problem.Of(
            StatusCodes.Status500InternalServerError,
            $"The request failed. The app's log has the details under invocation {context.InvocationId}."
        );
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "{Function}: the caller disconnected before the response.")]
        public static partial void CallerDisconnected(ILogger logger, string function);

        [LoggerMessage("{Function} returns 503: storage or Service Bus is unavailable.")]
        public static partial void Unavailable(ILogger logger, LogLevel level, Exception exception, string function);

        [LoggerMessage(LogLevel.Error, "{Function} returns 500.")]
        public static partial void Failed(ILogger logger, Exception exception, string function);

        [LoggerMessage(LogLevel.Error, "{Function} failed after its response had started; the connection is closed.")]
        public static partial void FailedAfterStart(ILogger logger, Exception exception, string function);
    }
}
