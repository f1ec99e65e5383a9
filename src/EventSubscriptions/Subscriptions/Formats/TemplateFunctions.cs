using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>Lists the templates for known receivers, without a key.</summary>
public sealed class TemplateFunctions
{
    [Function(nameof(ListTemplates))]
    [Anonymous]
    public IResult ListTemplates(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/templates")] HttpRequest http,
        FunctionContext context
    ) => ApiRequest.Of(http, context).Validate() ?? TemplatePresets.Result;
}
