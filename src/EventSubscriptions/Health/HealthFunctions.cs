using System.Text.Json.Serialization;
using EventSubscriptions.Http;
using EventSubscriptions.Relay;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Health;

/// <summary>
/// Returns 200 if the app can work, else 503; callers with a key also see which dependency is unreachable, how the Relay polls are doing,
/// and what the key may do.
/// </summary>
public sealed class HealthFunctions(HealthChecks checks, RelayHealth relay)
{
    [Function(nameof(GetHealth))]
    [Anonymous]
    public async Task<IResult> GetHealth(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/health")] HttpRequest request,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        // The query is ignored: monitors append parameters to defeat caches.
        var caller = context.GetCaller();
        var polls = caller is null ? null : relay.ListAsync(caller, cancellationToken);
        var results = await checks.GetAsync(cancellationToken);
        var isHealthy = results.Values.All(reached => reached);
        var detail = caller is null
            ? null
            : results.ToDictionary(result => result.Key, result => Word(result.Value), StringComparer.Ordinal);
        return ApiResult.Json(
            isHealthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            new HealthResponse(Word(isHealthy), detail)
            {
                Relay = polls is null ? null : await polls,
                Caller = caller is null ? null : new CallerResponse(caller.Role, caller.Organization?.Value),
            },
            HealthJson.Default.HealthResponse
        );
    }

    private static string Word(bool isHealthy) => isHealthy ? "healthy" : "unhealthy";
}

/// <summary>The response. Only callers with a key see more than the status.</summary>
internal sealed record HealthResponse(string Status, Dictionary<string, string>? Checks)
{
    /// <summary>The Relay subscribers; null if their state can't be read.</summary>
    public IReadOnlyList<RelayHealthResponse>? Relay { get; init; }

    public CallerResponse? Caller { get; init; }
}

/// <summary>What the caller's key may do, so that a page can offer exactly that.</summary>
/// <param name="Role">Its role.</param>
/// <param name="OrganizationId">The organization that it is bound to; null for all.</param>
internal sealed record CallerResponse(Role Role, int? OrganizationId);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)]
)]
[JsonSerializable(typeof(HealthResponse))]
internal sealed partial class HealthJson : JsonSerializerContext;
