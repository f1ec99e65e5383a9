using EventSubscriptions.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace EventSubscriptions.Access;

/// <summary>
/// Checks the key of every HTTP request before its function runs, against the function's <see cref="RequiresAttribute"/> or <see
/// cref="AnonymousAttribute"/>.
/// </summary>
public sealed class AccessMiddleware(Authenticator authenticator, TimeProvider time) : IFunctionsWorkerMiddleware
{
    private readonly FunctionAccess _functions = FunctionAccess.Of(typeof(AccessMiddleware).Assembly);
    private readonly AccessPolicy _policy = new(authenticator, time);

    /// <inheritdoc/>
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is { } http)
        {
            var requirement = _functions[context.FunctionDefinition.Name];
            var decision = await _policy.DecideAsync(requirement, http.Request, http.RequestAborted);
            if (decision.Refusal is not null)
            {
                await decision.Refusal.ExecuteAsync(http);
                return;
            }

            if (decision.Caller is not null)
            {
                context.SetCaller(decision.Caller);
            }

            if (decision.Organization is { } organization)
            {
                context.SetOrganization(organization);
            }

            await next(context);
            if (!requirement.Anonymous)
            {
                ApiRequest.EnsureValidated(context);
            }

            return;
        }

        await next(context);
    }
}
