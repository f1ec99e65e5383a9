using EventSubscriptions.Events;
using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace EventSubscriptions.Access;

/// <summary>Decides on a request: first the key (401), then the organization (400, 404), then the role (403).</summary>
internal sealed class AccessPolicy(Authenticator authenticator, TimeProvider time)
{
    private const string OrganizationRoute = "organizationId";
    private const string KeyHeader = "x-api-key";
    private const string Scheme = "Bearer ";
    private const int MaxKeyLength = 512;

    // What is for everybody doesn't wait long for the table of keys.
    private static readonly TimeSpan s_anonymousLimit = TimeSpan.FromSeconds(1.5);

    /// <summary>Lets the request through, or says what to answer.</summary>
    public async ValueTask<AccessDecision> DecideAsync(Requirement requirement, HttpRequest request, CancellationToken cancellationToken)
    {
        var (caller, refusal) = await IdentifyAsync(requirement, request, cancellationToken);
        if (refusal is not null)
        {
            return AccessDecision.Refuse(refusal);
        }

        OrganizationId? organization = null;
        if (request.RouteValues.TryGetValue(OrganizationRoute, out var value))
        {
            if (!OrganizationId.TryParse(value as string, out var id))
            {
                var errors = new FieldErrors();
                errors.Add(OrganizationRoute, $"must be a whole number from 1 to {int.MaxValue}");
                return AccessDecision.Refuse(errors.ToProblem());
            }

            if (caller?.Sees(id) is false)
            {
                return AccessDecision.Refuse(Problem.NotFound("There is no such organization."));
            }

            organization = id;
        }

        return caller is null || requirement.IsMetBy(caller)
            ? new AccessDecision(caller, organization, null)
            : AccessDecision.Refuse(Problem.Forbidden(requirement.AnyOf.Count == 0
                ? "Nobody may do this."
                : $"This takes a key of the role {string.Join(" or ", requirement.AnyOf.Select(Name))}; this one's is {Name(caller.Role)}."));
    }

    private static string Name(Role role) => RoleNames.Of(role);

    private async ValueTask<(Caller? Caller, IResult? Refusal)> IdentifyAsync(Requirement requirement, HttpRequest request, CancellationToken cancellationToken)
    {
        if (KeyOf(request) is not { } key)
        {
            return requirement.Anonymous && !HasKey(request)
                ? (null, null)
                : (null, Problem.Unauthorized($"A key is needed: Authorization: Bearer <key>, or {KeyHeader}: <key>."));
        }

        try
        {
            var authentication = authenticator.AuthenticateAsync(key, cancellationToken);
            var caller = requirement.Anonymous
                ? await authentication.AsTask().WaitAsync(s_anonymousLimit, time, cancellationToken)
                : await authentication;
            return caller is null ? (null, Problem.Unauthorized("The key is unknown, expired or revoked.")) : (caller, null);
        }
        catch (Exception exception) when (requirement.Anonymous && ExceptionMiddleware.IsUnavailable(exception))
        {
            // It is for everybody without the table too.
            return (null, null);
        }
    }

    private static bool HasKey(HttpRequest request) =>
        request.Headers.ContainsKey(HeaderNames.Authorization) || request.Headers.ContainsKey(KeyHeader);

    private static string? KeyOf(HttpRequest request)
    {
        var key = request.Headers.Authorization switch
        {
            [{ } authorization] => authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[Scheme.Length..].Trim() : null,
            [] => request.Headers[KeyHeader] is [{ } header] ? header : null,
            _ => null,
        };
        return key is { Length: > 0 and <= MaxKeyLength } ? key : null;
    }
}

/// <summary>Who calls for which organization, or the answer to a request that is not let through.</summary>
internal sealed record AccessDecision(Caller? Caller, OrganizationId? Organization, IResult? Refusal)
{
    public static AccessDecision Refuse(IResult answer) => new(null, null, answer);
}
