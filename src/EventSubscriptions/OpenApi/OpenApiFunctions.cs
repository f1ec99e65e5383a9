using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.OpenApi;

/// <summary>Serves the OpenAPI description, without a key.</summary>
public sealed class OpenApiFunctions(OpenApiDocument document)
{
    [Function(nameof(GetOpenApi))]
    [Anonymous]
    public IResult GetOpenApi(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/openapi.json")] HttpRequest http,
        FunctionContext context
    ) => ApiRequest.Of(http, context).Validate() ?? document.Result;
}
