using LocalHost.Functions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LocalHost.Triggers;

/// <summary>
/// HTTP as the Functions host does it: among the functions whose route and method match, the first by name answers; where none does, with
/// a known route and another method too, the answer is an empty 404 that no middleware sees.
/// </summary>
internal static class HttpTrigger
{
    public static void Map(WebApplication app, IEnumerable<(FunctionMethod Method, LocalFunction Function)> functions)
    {
        // The order of endpoints outranks how specific their routes are.
        var endpoints = functions.Where(function => function.Method.Route is not null).Select((function, order) => EndpointFor(function.Method, function.Function, order));
        ((IEndpointRouteBuilder)app).DataSources.Add(new DefaultEndpointDataSource(endpoints));
        app.UseRouting();
        app.Run(AnswerAsync);
    }

    private static Endpoint EndpointFor(FunctionMethod method, LocalFunction function, int order)
    {
        var builder = new RouteEndpointBuilder(context => InvokeAsync(function, context), method.Route!, order) { DisplayName = function.Name };
        if (method.HttpMethods is { } methods)
        {
            builder.Metadata.Add(new HttpMethodMetadata(methods));
        }

        return builder.Build();
    }

    private static Task AnswerAsync(HttpContext context)
    {
        if (context.GetEndpoint() is RouteEndpoint { RequestDelegate: { } answer })
        {
            return answer(context);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static async Task InvokeAsync(LocalFunction function, HttpContext context)
    {
        try
        {
            await function.Invoke(context.Request, new InvocationFeatures(HttpContext: context), context.RequestAborted);
        }
        catch (Exception e)
        {
            // Logged where it was thrown.
            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            context.Response.Clear();
            context.Response.StatusCode = (e as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status500InternalServerError;
        }
    }
}
