using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Functions;

/// <summary>
/// One invocation: creates the service scope and the context, and runs the worker middleware and the function. Logs the exceptions that it
/// throws, so callers don't.
/// </summary>
/// <param name="triggerValue"><see cref="HttpRequest"/>, <c>ServiceBusReceivedMessage</c>, an array of those, or <see
/// cref="TimerInfo"/>.</param>
/// <param name="features">What else the trigger can bind.</param>
/// <param name="cancellationToken">Bound to the function's <see cref="CancellationToken"/> parameter and to its context.</param>
/// <returns>The result of the function or of a middleware, or null.</returns>
internal delegate Task<object?> FunctionInvoker(object triggerValue, InvocationFeatures features, CancellationToken cancellationToken);

/// <summary>What a trigger passes to an invocation in addition to the trigger value.</summary>
internal readonly record struct InvocationFeatures(HttpContext? HttpContext = null, ServiceBusMessageActions? MessageActions = null);
