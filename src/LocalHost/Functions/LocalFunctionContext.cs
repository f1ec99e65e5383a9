using System.Diagnostics;
using LocalHost.Hosting;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Functions;

/// <summary>The context of one invocation.</summary>
internal sealed class LocalFunctionContext : FunctionContext
{
    /// <summary>The key in <see cref="Items"/> that the worker's <c>GetHttpContext()</c> uses.</summary>
    private const string HttpContextKey = "HttpRequestContext";

    private readonly CancellationToken _cancellationToken;
    private string? _invocationId;
    private IDictionary<object, object>? _items;

    public LocalFunctionContext(
        FunctionMethod function,
        object triggerValue,
        InvocationFeatures features,
        IServiceProvider services,
        CancellationToken cancellationToken
    )
    {
        Function = function;
        TriggerValue = triggerValue;
        TriggerFeatures = features;
        InstanceServices = services;
        _cancellationToken = cancellationToken;
        if (features.HttpContext is { } http)
        {
            Items[HttpContextKey] = http;
        }
    }

    public object TriggerValue { get; }

    public InvocationFeatures TriggerFeatures { get; }

    public FunctionMethod Function { get; }

    /// <summary>The result of the function. The SDK's own property for it is internal.</summary>
    public object? Result { get; set; }

    public override string InvocationId => _invocationId ??= Guid.NewGuid().ToString();

    public override string FunctionId => Function.Definition.Id;

    /// <summary>The trace context of the caller, because the activity of the request isn't recorded here.</summary>
    public override TraceContext TraceContext { get; } =
        new LocalTraceContext(Activity.Current?.ParentId, Activity.Current?.TraceStateString);

    public override BindingContext BindingContext => throw Unsupported.Member();

    public override RetryContext RetryContext => throw Unsupported.Member();

    public override IServiceProvider InstanceServices { get; set; }

    public override FunctionDefinition FunctionDefinition => Function.Definition;

    public override IDictionary<object, object> Items
    {
        get => _items ??= new Dictionary<object, object>();
        set => _items = value;
    }

    public override IInvocationFeatures Features => throw Unsupported.Member();

    public override CancellationToken CancellationToken => _cancellationToken;

    private sealed class LocalTraceContext(string? parent, string? state) : TraceContext
    {
        public override string TraceParent => parent ?? "";

        public override string TraceState => state ?? "";

        public override IReadOnlyDictionary<string, string> Attributes => throw Unsupported.Member();

        public override IReadOnlyDictionary<string, string> Baggage => throw Unsupported.Member();
    }
}
