using System.Collections.Immutable;
using LocalHost.Hosting;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Functions;

/// <summary>The name of a function, for middleware.</summary>
internal sealed class LocalFunctionDefinition(string name) : FunctionDefinition
{
    public override string Name => name;

    public override string Id => name;

    public override ImmutableArray<FunctionParameter> Parameters => throw Unsupported.Member();

    public override string PathToAssembly => throw Unsupported.Member();

    public override string EntryPoint => throw Unsupported.Member();

    public override IImmutableDictionary<string, BindingMetadata> InputBindings => throw Unsupported.Member();

    public override IImmutableDictionary<string, BindingMetadata> OutputBindings => throw Unsupported.Member();
}
