using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Tests;

/// <summary>What a function gets to see of an invocation that the access checks have let through.</summary>
internal sealed class TestFunctionContext : FunctionContext
{
    public TestFunctionContext(Caller caller, OrganizationId? organization = null)
    {
        this.SetCaller(caller);
        if (organization is { } id)
        {
            this.SetOrganization(id);
        }
    }

    /// <summary>A context without a caller.</summary>
    public TestFunctionContext() { }

    public override string InvocationId => "invocation";

    public override string FunctionId => "function";

    public TraceContext? Trace { get; init; }

    public override TraceContext TraceContext => Trace ?? throw new NotSupportedException();

    public override BindingContext BindingContext => throw new NotSupportedException();

    public override RetryContext RetryContext => throw new NotSupportedException();

    public IInvocationFeatures? InvocationFeatures { get; init; }

    public override IInvocationFeatures Features => InvocationFeatures ?? throw new NotSupportedException();

    public override IServiceProvider InstanceServices { get; set; } = null!;

    public FunctionDefinition? Definition { get; init; }

    public override FunctionDefinition FunctionDefinition => Definition ?? throw new NotSupportedException();

    public override IDictionary<object, object> Items { get; set; } = new Dictionary<object, object>();
}
