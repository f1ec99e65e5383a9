using Azure;
using Azure.Identity;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;

namespace EventSubscriptions.Http;

/// <summary>
/// Turns what HTTP functions throw into problem details: 503 where a table or a queue can't be reached, so that callers try again,
/// 500 without details for the rest. Functions with other triggers keep their exceptions, since those decide about redelivery.
/// </summary>
public sealed partial class ExceptionMiddleware(TimeProvider time, ILogger<ExceptionMiddleware> logger) : IFunctionsWorkerMiddleware
{
    private const string TableNotFound = "TableNotFound";

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
        // A trigger's edge: nobody above can answer the caller.
        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            if (ToAnswer(exception, context, http) is { } answer)
            {
                await answer.ExecuteAsync(http);
            }
        }
    }

    /// <summary>Whether the exception says that storage, queues or the identity service can't be reached or are overloaded for now.</summary>
    public static bool IsUnavailable(Exception exception) => exception switch
    {
        RequestFailedException { Status: 0 or 408 or 429 or >= 500 } => true,

        // Just after a deployment the app's role has not taken effect, or the tables are still being created.
        RequestFailedException { Status: 401 or 403 } or RequestFailedException { ErrorCode: TableNotFound } => true,
        ServiceBusException { IsTransient: true } => true,
        CredentialUnavailableException or AuthenticationFailedException => true,
        OperationCanceledException or TimeoutException => true,
        AggregateException { InnerExceptions: var all } => all.Count > 0 && all.All(IsUnavailable),
        _ => false,
    };

    private IResult? ToAnswer(Exception exception, FunctionContext context, HttpContext http)
    {
        var function = context.FunctionDefinition.Name;
        if (http.RequestAborted.IsCancellationRequested)
        {
            Log.CallerLeft(logger, function);
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }

        if (http.Response.HasStarted)
        {
            Log.FailedHalfway(logger, exception, function);
            http.Abort();
            return null;
        }

        if (exception is BadHttpRequestException bad)
        {
            return Problem.Of(bad.StatusCode, "The request could not be read to its end.");
        }

        if (IsUnavailable(exception))
        {
            var level = _outage.NextLevel();
            Log.Unavailable(logger, level, exception, function);
            return Problem.Unavailable("Storage or a queue can't be reached just now. Try again shortly.");
        }

        Log.Failed(logger, exception, function);
        return Problem.Of(StatusCodes.Status500InternalServerError, $"Something went wrong here. The log has it as invocation {context.InvocationId}.");
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "{Function}: the caller left before the answer.")]
        public static partial void CallerLeft(ILogger logger, string function);

        [LoggerMessage("{Function} answers 503: storage or a queue can't be reached.")]
        public static partial void Unavailable(ILogger logger, LogLevel level, Exception exception, string function);

        [LoggerMessage(LogLevel.Error, "{Function} answers 500.")]
        public static partial void Failed(ILogger logger, Exception exception, string function);

        [LoggerMessage(LogLevel.Error, "{Function} failed after its answer had begun; the connection is closed.")]
        public static partial void FailedHalfway(ILogger logger, Exception exception, string function);
    }
}
