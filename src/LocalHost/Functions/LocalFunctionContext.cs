using LocalHost.Triggers;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Functions;

/// <summary>The context of one invocation.</summary>
internal sealed class LocalFunctionContext(
    FunctionMethod function,
    object triggerValue,
    InvocationFeatures features,
    IServiceProvider services,
    CancellationToken cancellationToken) : FunctionContext
{
    /// <summary>Where the worker's web integration keeps the <c>HttpContext</c> in <see cref="Items"/>.</summary>
    public const string HttpContextKey = "HttpRequestContext";

    private string? _invocationId;
    private IDictionary<object, object>? _items;

    public object TriggerValue { get; } = triggerValue;

    public InvocationFeatures TriggerFeatures { get; } = features;

    public FunctionMethod Function { get; } = function;

    public InvocationResult Result { get; } = new LocalInvocationResult();

    public override string InvocationId => _invocationId ??= Guid.NewGuid().ToString();

    public override IServiceProvider InstanceServices { get; set; } = services;

    public override FunctionDefinition FunctionDefinition => Function.Definition;

    public override IDictionary<object, object> Items
    {
        get => _items ??= new Dictionary<object, object>();
        set => _items = value;
    }

    public CancellationToken CancellationToken { get; } = cancellationToken;

    private sealed class LocalInvocationResult : InvocationResult
    {
        public override object? Value { get; set; }
    }
}

internal sealed class LocalFunctionDefinition(string name) : FunctionDefinition
{
    public override string Name { get; } = name;
}
