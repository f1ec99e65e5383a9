using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Portal;

/// <summary>Serves the portal. It needs no key, since it holds nothing: what it shows, the page asks of the API with the reader's key.</summary>
public sealed class PortalFunctions(PortalFiles files)
{
    private const string File = "file";

    /// <summary>The Functions host takes an empty route for the function's name, and the worker stops at "/".</summary>
    private const string Root = "{nothing:maxlength(0)?}";

    /// <summary>Leads those who know only the app's address to the portal.</summary>
    [Function(nameof(GetRoot))]
    [Anonymous]
    public IResult GetRoot([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Root)] HttpRequest request) => TypedResults.Redirect("portal/");

    [Function(nameof(GetPortal))]
    [Anonymous]
    public IResult GetPortal([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "portal/{*" + File + "}")] HttpRequest request)
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
