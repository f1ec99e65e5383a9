using System.Collections.Frozen;
using System.Reflection;
using EventSubscriptions.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Access;

/// <summary>What each function requires of its callers, read once from its attributes.</summary>
internal sealed class FunctionAccess
{
    private readonly FrozenDictionary<string, Requirement> _byFunction;

    private FunctionAccess(IEnumerable<KeyValuePair<string, Requirement>> requirements) =>
        _byFunction = requirements.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads the functions of an assembly.</summary>
    public static FunctionAccess Of(Assembly assembly) =>
        new(
            from type in assembly.GetTypes()
            from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static)
            let function = method.GetCustomAttribute<FunctionAttribute>()
            where function is not null
            select KeyValuePair.Create(function.Name, Requirement.Of(method))
        );

    /// <summary>The requirement of a function. Nobody may call an unknown function.</summary>
    public Requirement this[string function] => _byFunction.GetValueOrDefault(function, Requirement.Nobody);
}

/// <summary>What a function requires of its callers.</summary>
/// <param name="Anonymous">No key is required.</param>
/// <param name="AnyOf">The roles, one of which is enough.</param>
internal sealed record Requirement(bool Anonymous, IReadOnlyList<Role> AnyOf)
{
    public static readonly Requirement Nobody = new(false, []);

    public static Requirement Of(MethodInfo method) =>
        method.IsDefined(typeof(AnonymousAttribute), inherit: false)
            ? new(true, [])
            : new(false, method.GetCustomAttribute<RequiresAttribute>(inherit: false)?.AnyOf ?? []);

    public bool IsMetBy(Caller caller) => Anonymous || AnyOf.Any(caller.May);
}
