using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Access;

/// <summary>Decides whether a request may proceed: first the key (401), then the role (403), then the organization (404).</summary>
internal sealed class AccessPolicy(Authenticator authenticator, TimeProvider time)
{
    private const string OrganizationRoute = "organizationId";

    // Anonymous endpoints don't wait long for the key table.
    private static readonly TimeSpan s_anonymousLimit = TimeSpan.FromSeconds(1.5);

    /// <summary>Returns the caller and the organization, or the problem to return.</summary>
    public async ValueTask<AccessDecision> DecideAsync(Requirement requirement, HttpRequest request, CancellationToken cancellationToken)
    {
        var (caller, refusal) = await IdentifyAsync(requirement, request, cancellationToken);
        if (refusal is not null)
        {
            return AccessDecision.Refuse(refusal);
        }

        if (caller is not null && !requirement.IsMetBy(caller))
        {
            return AccessDecision.Refuse(
                Problem.Forbidden(
                    requirement.AnyOf.Count == 0
                        ? "No role may call this operation."
                        : $"This operation requires a key with the role {string.Join(" or ", requirement.AnyOf.Select(EnumNames<Role>.Of))}; this key has the role {caller.Role.ToName()}."
                )
            );
        }

        if (!request.RouteValues.TryGetValue(OrganizationRoute, out var value))
        {
            return new AccessDecision(caller, null, null);
        }

        return OrganizationId.TryParse(value as string, out var organization) && caller?.Sees(organization) is not false
            ? new AccessDecision(caller, organization, null)
            : AccessDecision.Refuse(Problem.NotFound("Organization not found."));
    }

    private async ValueTask<(Caller? Caller, IResult? Refusal)> IdentifyAsync(
        Requirement requirement,
        HttpRequest request,
        CancellationToken cancellationToken
    )
    {
        if (RequestKey.Of(request) is not { } key)
        {
            return (
                null,
                requirement.Anonymous
                    ? null
                    : Problem.Unauthorized($"An API key is required: Authorization: Bearer <key>, or {RequestKey.Header}: <key>.")
            );
        }

        try
        {
            var authentication = authenticator.AuthenticateAsync(key, cancellationToken);
            var (caller, isBusy) = requirement.Anonymous
                ? await authentication.AsTask().WaitAsync(s_anonymousLimit, time, cancellationToken)
                : await authentication;
            if (isBusy)
            {
                return (
                    null,
                    requirement.Anonymous
                        ? null
                        : Problem.Unavailable("Too many unknown keys are being tried. Try again shortly.", retryAfterSeconds: 1)
                );
            }

            return caller is not null || (requirement.Anonymous && IsOthers(request, key))
                ? (caller, null)
                : (null, Problem.Unauthorized("The key is unknown, expired or revoked."));
        }
        catch (Exception exception) when (requirement.Anonymous && TransientFaults.IsTransient(exception))
        {
            // Anonymous endpoints don't need the key table.
            return (null, null);
        }
    }

    /// <summary>Whether the bearer token belongs to a proxy rather than to us. Anonymous endpoints ignore such tokens.</summary>
    private static bool IsOthers(HttpRequest request, string key) => !request.Headers.ContainsKey(RequestKey.Header) && !ApiKey.IsLike(key);
}

/// <summary>The caller and the organization of a request, or the problem with it.</summary>
internal sealed record AccessDecision(Caller? Caller, OrganizationId? Organization, IResult? Refusal)
{
    public static AccessDecision Refuse(IResult answer) => new(null, null, answer);
}
