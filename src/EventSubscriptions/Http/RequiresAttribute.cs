namespace EventSubscriptions.Http;

/// <summary>The role that a function asks for. A function without it (and without <see cref="AnonymousAttribute"/>) is refused to everybody.</summary>
/// <param name="anyOf">One of these is enough.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresAttribute(params Role[] anyOf) : Attribute
{
    public IReadOnlyList<Role> AnyOf { get; } = anyOf;
}
