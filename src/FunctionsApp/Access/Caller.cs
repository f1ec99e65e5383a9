using EventSubscriptions.Events;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Access;

/// <summary>What a key may do. Each role but <see cref="Publish"/> includes those before it.</summary>
public enum Role
{
    Read,
    Publish,
    Manage,
    Admin,
}

/// <summary>Whose key came with the request.</summary>
/// <param name="Name">The key's name, which the audit log calls the actor.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Organization">The organization that it is bound to, or null for all.</param>
public sealed record Caller(string Name, Role Role, OrganizationId? Organization);

/// <summary>The role that a function asks for. A function without it (and without <see cref="AnonymousAttribute"/>) is refused to everybody.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresAttribute(Role role) : Attribute
{
    public Role Role { get; } = role;
}

/// <summary>A function that needs no key.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AnonymousAttribute : Attribute;

/// <summary>How functions ask who is calling.</summary>
public static class CallerExtensions
{
    /// <summary>The caller, or null where the function is anonymous and no key was sent.</summary>
    public static Caller? GetCaller(this FunctionContext context) => throw new NotImplementedException();
}
