using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace LocalHost.Functions;

/// <summary>A function that a trigger can invoke.</summary>
/// <param name="Name">The name in its <see cref="FunctionAttribute"/>: unique, ignoring case.</param>
/// <param name="TriggerParameter">The parameter with the trigger's attribute; its type is that of the trigger value.</param>
/// <param name="Binding">The trigger's attribute.</param>
/// <param name="Invoke">Invokes the function.</param>
internal sealed record LocalFunction(string Name, ParameterInfo TriggerParameter, TriggerBindingAttribute Binding, FunctionInvoker Invoke);
