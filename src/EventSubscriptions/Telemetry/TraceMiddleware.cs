using System.Diagnostics;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace EventSubscriptions.Telemetry;

/// <summary>
/// Continues the trace of the invocation. The worker runs a function outside the request's own activity, and creates one only if something
/// listens; otherwise the caller's trace is only in the invocation's trace context.
/// </summary>
public sealed class TraceMiddleware : IFunctionsWorkerMiddleware
{
    private const string Name = "invocation";

    /// <inheritdoc/>
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (Activity.Current is not null || context.TraceContext is not { TraceParent: { Length: > 0 } parent } trace)
        {
            await next(context);
            return;
        }

        using var invocation = new Activity(Name).SetParentId(parent);
        invocation.TraceStateString = trace.TraceState;
        invocation.Start();
        await next(context);
    }
}
