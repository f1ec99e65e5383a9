using EventSubscriptions.Access;
using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Portal;

/// <summary>Serves the portal. It needs no key, since it holds nothing: what it shows, the page asks of the API with the reader's key.</summary>
public sealed class PortalFunctions(PortalFiles files)
{
    private const string File = "file";

    [Function(nameof(GetPortal))]
    [Anonymous]
    public IResult GetPortal([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "portal/{*" + File + "}")] HttpRequest request)
    {
        var name = request.RouteValues[File] as string ?? "";
        if (name.Length == 0 && !request.Path.Value!.EndsWith('/'))
        {
            // The page's links are relative to this folder, wherever a proxy shows it.
            return TypedResults.Redirect("portal/");
        }

        return files.Find(name) ?? Problem.NotFound("The portal has no such file.");
    }
}
