using EventSubscriptions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Portal;

/// <summary>Serves the portal. It requires no key because it contains no data: the page calls the API with the user's key.</summary>
public sealed class PortalFunctions(PortalFiles files)
{
    private const string File = "file";

    /// <summary>The Functions host replaces an empty route with the function's name, and the worker rejects "/".</summary>
    private const string Root = "{nothing:maxlength(0)?}";

    /// <summary>Redirects the app's address to the portal.</summary>
    [Function(nameof(GetRoot))]
    [Anonymous]
    public IResult GetRoot([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Root)] HttpRequest request) =>
        TypedResults.Redirect("portal/");

    [Function(nameof(GetPortal))]
    [Anonymous]
    public IResult GetPortal(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "portal/{*" + File + "}")] HttpRequest request
    )
    {
        var name = request.RouteValues[File] as string ?? "";
        if (name.Length == 0 && !request.Path.Value!.EndsWith('/'))
        {
            // The page's links are relative to this folder, whatever path a proxy gives it.
            return TypedResults.Redirect("portal/");
        }

        return files.Find(name) ?? Problem.NotFound("File not found.");
    }
}
