using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LocalHost.Functions;

/// <summary>Runs invocations, each in a service scope and a context: the worker middleware, then the function.</summary>
internal sealed partial class FunctionRunner(
    IServiceScopeFactory scopes,
    IEnumerable<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware,
    ILogger<FunctionRunner> logger
)
{
    private readonly FunctionExecutionDelegate _pipeline = middleware
        .Reverse()
        .Aggregate<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>, FunctionExecutionDelegate>(
            ExecuteAsync,
            (next, add) => add(next)
        );

    public LocalFunction Load(FunctionMethod function) =>
        new(
            function.Name,
            function.TriggerParameter,
            function.Binding,
            (value, features, cancellation) => InvokeAsync(function, value, features, cancellation)
        );

    private async Task<object?> InvokeAsync(
        FunctionMethod function,
        object triggerValue,
        InvocationFeatures features,
        CancellationToken cancellationToken
    )
    {
        await using var scope = scopes.CreateAsyncScope();
        if (features.HttpContext is { } http)
        {
            http.RequestServices = scope.ServiceProvider;
        }

        var context = new LocalFunctionContext(function, triggerValue, features, scope.ServiceProvider, cancellationToken);
        try
        {
            // As in the worker process, the function sees the caller's activity only through the trace context.
            Activity.Current = null;
            await _pipeline(context);
            if (context is { Result: IResult result, TriggerFeatures.HttpContext: { } request })
            {
                await result.ExecuteAsync(request);
            }

            return context.Result;
        }
        catch (Exception exception) when (!IsCancellation(exception, cancellationToken))
        {
            Log.Failed(logger, exception, function.Name, context.InvocationId);
            throw;
        }
    }

    /// <summary>Whether the host stops or the client sent a bad request or disconnected, so that the function has not failed.</summary>
    private static bool IsCancellation(Exception exception, CancellationToken cancellationToken) =>
        exception is BadHttpRequestException || (cancellationToken.IsCancellationRequested && exception is OperationCanceledException);

    private static async Task ExecuteAsync(FunctionContext context)
    {
        var local = (LocalFunctionContext)context;
        local.Result = await local.Function.Body(local);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Function {Function} failed (invocation {InvocationId}).")]
        public static partial void Failed(ILogger logger, Exception exception, string function, string invocationId);
    }
}
