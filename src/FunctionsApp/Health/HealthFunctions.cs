using System.Text.Json.Serialization;
using EventSubscriptions.Access;
using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Health;

/// <summary>Says whether the app can do its work: 200 or 503, and to callers with a key, what can't be reached.</summary>
public sealed class HealthFunctions(HealthChecks checks)
{
    [Function(nameof(GetHealth))]
    [Anonymous]
    public async Task<IResult> GetHealth(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/health")] HttpRequest request, FunctionContext context, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        QueryReader.ExpectNone(request, errors);
        if (errors.Any)
        {
            return errors.ToProblem();
        }

        var results = await checks.GetAsync(cancellationToken);
        var isHealthy = results.Values.All(reached => reached);
        var detail = context.GetCaller() is null
            ? null
            : results.ToDictionary(result => result.Key, result => Word(result.Value), StringComparer.Ordinal);
        return Answer.Json(
            isHealthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            new HealthBody(Word(isHealthy), detail),
            HealthJson.Default.HealthBody);
    }

    private static string Word(bool isHealthy) => isHealthy ? "healthy" : "unhealthy";
}

/// <summary>The answer; the checks are for callers with a key.</summary>
internal sealed record HealthBody(string Status, Dictionary<string, string>? Checks);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthBody))]
internal sealed partial class HealthJson : JsonSerializerContext;
