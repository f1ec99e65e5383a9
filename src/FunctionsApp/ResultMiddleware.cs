using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace FunctionsApp;

/// <summary>
/// Clears the result of an HTTP function once its response is written. Otherwise the worker would serialize the object again, with the
/// secrets that a response may contain, and send it to the Functions host, which drops it. Must be the outermost middleware.
/// </summary>
internal sealed class ResultMiddleware : IFunctionsWorkerMiddleware
{
    /// <inheritdoc/>
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        await next(context);
        if (context.GetHttpContext() is not null)
        {
            context.GetInvocationResult().Value = null;
        }
    }
}
