namespace EventSubscriptions.Http;

/// <summary>
/// The role that a function requires. A function without it, and without <see cref="AnonymousAttribute"/>, may be called by nobody.
/// </summary>
/// <param name="anyOf">One of these roles is enough.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresAttribute(params Role[] anyOf) : Attribute
{
    public IReadOnlyList<Role> AnyOf { get; } = anyOf;
}
