using System.Reflection;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace LocalHost.Functions;

/// <summary>A method that is a function, checked.</summary>
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

    /// <summary>Of an HTTP function: the whole template, with the prefix of <c>host.json</c>.</summary>
    public RoutePattern? Route { get; } = route;

    /// <summary>Creates the class, binds the parameters and calls the method.</summary>
    public Func<LocalFunctionContext, Task<object?>> Body { get; } = body;

    public string Name => Definition.Name;

    /// <summary>Of an HTTP function, in upper case; null for all.</summary>
    public IReadOnlyList<string>? HttpMethods =>
        Binding is HttpTriggerAttribute { Methods: { Length: > 0 } methods }
            ? [.. methods.Select(method => method.ToUpperInvariant())]
            : null;

    /// <summary>What starts it, for people.</summary>
    public string Trigger =>
        Binding switch
        {
            HttpTriggerAttribute => $"{(HttpMethods is { } methods ? string.Join(',', methods) : "any")} /{Route!.RawText}",
            ServiceBusTriggerAttribute bus => $"queue {bus.QueueName}",
            TimerTriggerAttribute timer => $"timer {timer.Schedule}",
            _ => throw new InvalidOperationException($"{Binding.GetType()} is not a trigger."),
        };
}
