using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.OpenApi;

/// <summary>Shows the description of this API to everybody.</summary>
public sealed class OpenApiFunctions(OpenApiDocument document)
{
    [Function(nameof(GetOpenApi))]
    [Anonymous]
    public IResult GetOpenApi([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/openapi.json")] HttpRequest request)
    {
        var errors = new FieldErrors();
        QueryReader.ExpectNone(request, errors);
        return errors.Any ? errors.ToProblem() : document.Answer;
    }
}
