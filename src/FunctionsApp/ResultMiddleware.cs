using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace FunctionsApp;

/// <summary>
/// Forgets what an HTTP function returned once the response is written. The worker would serialize the object a second time, with the secrets that a
/// response may hold, and send it to the Functions host, which drops it. Must be the outermost middleware.
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
