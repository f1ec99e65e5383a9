using System.Reflection;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace LocalHost.Functions;

/// <summary>A valid function: its method, trigger and route.</summary>
internal sealed class FunctionMethod(
    FunctionDefinition definition,
    ParameterInfo triggerParameter,
    TriggerBindingAttribute binding,
    RoutePattern? route,
    Func<LocalFunctionContext, Task<object?>> body
)
{
    public FunctionDefinition Definition { get; } = definition;

    public ParameterInfo TriggerParameter { get; } = triggerParameter;

    public TriggerBindingAttribute Binding { get; } = binding;

    /// <summary>The whole template, with the prefix of <c>host.json</c>; null if the trigger is not HTTP.</summary>
    public RoutePattern? Route { get; } = route;

    /// <summary>Creates the class, binds the parameters and calls the method.</summary>
    public Func<LocalFunctionContext, Task<object?>> Body { get; } = body;

    public string Name => Definition.Name;

    /// <summary>The methods of an HTTP function in upper case; null for all.</summary>
    public IReadOnlyList<string>? HttpMethods =>
        Binding is HttpTriggerAttribute { Methods: { Length: > 0 } methods }
            ? [.. methods.Select(method => method.ToUpperInvariant())]
            : null;

    /// <summary>The trigger for people: <c>GET /api/health</c>, <c>queue events</c>, <c>timer 0 * * * * *</c>.</summary>
    public string Trigger =>
        Binding switch
        {
            HttpTriggerAttribute => $"{(HttpMethods is { } methods ? string.Join(',', methods) : "any")} /{Route!.RawText}",
            ServiceBusTriggerAttribute bus => $"queue {bus.QueueName}",
            TimerTriggerAttribute timer => $"timer {timer.Schedule}",
            _ => throw new InvalidOperationException($"{Binding.GetType()} is not a trigger."),
        };
}
