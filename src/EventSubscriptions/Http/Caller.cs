using EventSubscriptions.Organizations;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Http;

/// <summary>The caller of a request, identified by its API key.</summary>
/// <param name="Actor">The key's id and name, as shown in the audit log.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Organization">The organization that it is bound to, or null for all.</param>
public sealed record Caller(Actor Actor, Role Role, OrganizationId? Organization)
{
    /// <summary>Whether the caller's role includes another.</summary>
    public bool May(Role required) => Role == Role.Publish ? required == Role.Publish : Role >= required;

    /// <summary>Whether the caller may see what belongs to an organization, or to none.</summary>
    public bool Sees(OrganizationId? organization) => Organization is null || Organization == organization;
}

/// <summary>The caller and the organization of a request. <c>AccessMiddleware</c> sets both.</summary>
public static class CallerExtensions
{
    private static readonly object s_callerKey = new();
    private static readonly object s_organizationKey = new();

    /// <summary>The caller, or null if the function is anonymous and no key was sent.</summary>
    public static Caller? GetCaller(this FunctionContext context) =>
        context.Items.TryGetValue(s_callerKey, out var caller) ? (Caller)caller : null;

    /// <summary>The organization in the route. Throws if the route has none.</summary>
    public static OrganizationId GetOrganization(this FunctionContext context) => (OrganizationId)context.Items[s_organizationKey];

    internal static void SetCaller(this FunctionContext context, Caller caller) => context.Items[s_callerKey] = caller;

    internal static void SetOrganization(this FunctionContext context, OrganizationId organization) =>
        context.Items[s_organizationKey] = organization;
}
