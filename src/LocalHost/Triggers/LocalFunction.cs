using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace LocalHost.Triggers;

/// <summary>A function as found in the application's assembly, ready to be invoked.</summary>
/// <param name="Name">The name in its <see cref="FunctionAttribute"/>: unique, ignoring case.</param>
/// <param name="Trigger">What starts it, for people: <c>GET /api/health</c>, <c>queue events</c>, <c>timer 0 * * * * *</c>.</param>
/// <param name="TriggerParameter">The parameter that carries <paramref name="Binding"/>; its type is the type of the trigger value.</param>
/// <param name="Binding">The trigger's attribute.</param>
/// <param name="Invoke">Runs it once.</param>
internal sealed record LocalFunction(
    string Name,
    string Trigger,
    ParameterInfo TriggerParameter,
    TriggerBindingAttribute Binding,
    FunctionInvoker Invoke
);

/// <summary>
/// One invocation: makes the service scope and the context, runs the worker middleware and the function, and throws what they throw, after
/// logging it: who catches it doesn't log it again.
/// </summary>
/// <param name="triggerValue"><see cref="HttpRequest"/>, <c>ServiceBusReceivedMessage</c>, an array of those, or <see
/// cref="TimerInfo"/>.</param>
/// <param name="features">What else the trigger has to bind.</param>
/// <param name="cancellationToken">Bound to the function's <see cref="CancellationToken"/> parameter and to its context.</param>
/// <returns>The invocation's result: what the function returned, or what a middleware set; null for none.</returns>
internal delegate Task<object?> FunctionInvoker(object triggerValue, InvocationFeatures features, CancellationToken cancellationToken);

/// <summary>What a trigger hands to an invocation beside the trigger value.</summary>
internal readonly record struct InvocationFeatures(HttpContext? HttpContext = null, ServiceBusMessageActions? MessageActions = null);

/// <summary>Turns what happens outside (a message, a point in time) into invocations.</summary>
internal abstract class TriggerListener : IDisposable
{
    public abstract Task StartAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes nothing new and returns when what is in flight has ended, or when <paramref name="cancellationToken"/> is cancelled.
    /// </summary>
    public abstract Task StopAsync(CancellationToken cancellationToken);

    public virtual void Dispose() { }
}
