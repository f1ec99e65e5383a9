using EventSubscriptions.Http;
using LocalHost.Functions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LocalHost.Triggers;

/// <summary>
/// Routes requests as the Functions host does: of the functions whose route and method match, the first by name is invoked; if there is
/// none, the response is an empty 404, without middleware. Unlike there, a known route with another method is a 405.
/// </summary>
internal static class HttpTrigger
{
    public static void Map(WebApplication app, IEnumerable<(FunctionMethod Method, LocalFunction Function)> functions)
    {
        // The order of endpoints takes precedence over how specific their routes are.
        var endpoints = functions
            .Where(function => function.Method.Route is not null)
            .Select((function, order) => CreateEndpoint(function.Method, function.Function, order));
        ((IEndpointRouteBuilder)app).DataSources.Add(new DefaultEndpointDataSource(endpoints));
        app.UseRouting();
        app.Run(DispatchAsync);
    }

    private static Endpoint CreateEndpoint(FunctionMethod method, LocalFunction function, int order)
    {
        var builder = new RouteEndpointBuilder(context => InvokeAsync(function, context), method.Route!, order)
        {
            DisplayName = function.Name,
        };
        if (method.HttpMethods is { } methods)
        {
            builder.Metadata.Add(new HttpMethodMetadata(methods));
        }

        return builder.Build();
    }

    private static Task DispatchAsync(HttpContext context)
    {
        switch (context.GetEndpoint())
        {
            case RouteEndpoint { RequestDelegate: { } handle }:
                return handle(context);
            case { RequestDelegate: { } reject }:
                return RejectMethodAsync(context, reject);
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
        }
    }

    /// <summary>ASP.NET Core sets the status and <c>Allow</c>; this adds a body.</summary>
    private static async Task RejectMethodAsync(HttpContext context, RequestDelegate reject)
    {
        await reject(context);
        await Problem.Of(context.Response.StatusCode, $"This path supports {context.Response.Headers.Allow}.").ExecuteAsync(context);
    }

    private static async Task InvokeAsync(LocalFunction function, HttpContext context)
    {
        try
        {
            await function.Invoke(context.Request, new InvocationFeatures(HttpContext: context), context.RequestAborted);
        }
        catch (Exception exception)
        {
            // Already logged.
            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            context.Response.Clear();
            context.Response.StatusCode = (exception as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status500InternalServerError;
        }
    }
}
