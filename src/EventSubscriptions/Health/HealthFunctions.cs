using System.Text.Json.Serialization;
using EventSubscriptions.Http;
using EventSubscriptions.Relay;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Health;

/// <summary>Says whether the app can do its work: 200 or 503, and to callers with a key, what can't be reached, how the polls of Relay go, and what the key may do.</summary>
public sealed class HealthFunctions(HealthChecks checks, RelayHealth relay)
{
    [Function(nameof(GetHealth))]
    [Anonymous]
    public async Task<IResult> GetHealth(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/health")] HttpRequest request, FunctionContext context, CancellationToken cancellationToken)
    {
        // Whatever the query says: monitors append what keeps caches away.
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
                Caller = caller is null ? null : new CallerResponse(RoleNames.Of(caller.Role), caller.Organization?.Value),
            },
            HealthJson.Default.HealthResponse);
    }

    private static string Word(bool isHealthy) => isHealthy ? "healthy" : "unhealthy";
}

/// <summary>The answer; all but the status is for callers with a key.</summary>
internal sealed record HealthResponse(string Status, Dictionary<string, string>? Checks)
{
    /// <summary>The subscribers of Relay; absent where their states can't be read.</summary>
    public IReadOnlyList<RelayHealthResponse>? Relay { get; init; }

    public CallerResponse? Caller { get; init; }
}

/// <summary>What the key that came with the request may do, so that a page can offer that and no more.</summary>
/// <param name="Role">Its role.</param>
/// <param name="OrganizationId">The organization that it is bound to; absent where it is good for all.</param>
internal sealed record CallerResponse(string Role, int? OrganizationId);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(HealthResponse))]
internal sealed partial class HealthJson : JsonSerializerContext;
