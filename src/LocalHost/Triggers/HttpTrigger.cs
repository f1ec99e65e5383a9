using EventSubscriptions.Http;
using LocalHost.Functions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LocalHost.Triggers;

/// <summary>
/// HTTP as the Functions host does it: among the functions whose route and method match, the first by name answers; where none does, the
/// answer is an empty 404 that no middleware sees. A known route with another method is 405, though, which that host can't tell from a 404.
/// </summary>
internal static class HttpTrigger
{
    public static void Map(WebApplication app, IEnumerable<(FunctionMethod Method, LocalFunction Function)> functions)
    {
        // The order of endpoints outranks how specific their routes are.
        var endpoints = functions
            .Where(function => function.Method.Route is not null)
            .Select((function, order) => EndpointFor(function.Method, function.Function, order));
        ((IEndpointRouteBuilder)app).DataSources.Add(new DefaultEndpointDataSource(endpoints));
        app.UseRouting();
        app.Run(AnswerAsync);
    }

    private static Endpoint EndpointFor(FunctionMethod method, LocalFunction function, int order)
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

    private static Task AnswerAsync(HttpContext context)
    {
        switch (context.GetEndpoint())
        {
            case RouteEndpoint { RequestDelegate: { } answer }:
                return answer(context);
            case { RequestDelegate: { } refusal }:
                return RefuseMethodAsync(context, refusal);
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
        }
    }

    /// <summary>Routing's own refusal sets the status and says in <c>Allow</c> which methods there are.</summary>
    private static async Task RefuseMethodAsync(HttpContext context, RequestDelegate refusal)
    {
        await refusal(context);
        await Problem.Of(context.Response.StatusCode, $"This path takes {context.Response.Headers.Allow}.").ExecuteAsync(context);
    }

    private static async Task InvokeAsync(LocalFunction function, HttpContext context)
    {
        try
        {
            await function.Invoke(context.Request, new InvocationFeatures(HttpContext: context), context.RequestAborted);
        }
        catch (Exception exception)
        {
            // Logged where it was thrown.
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
