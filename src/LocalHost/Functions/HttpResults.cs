using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace LocalHost.Functions;

/// <summary>The web application's middleware: what is inside it sees the request, and answers with the invocation's result.</summary>
internal static class HttpResults
{
    public static FunctionExecutionDelegate Middleware(FunctionExecutionDelegate next) => context =>
        context is LocalFunctionContext { TriggerFeatures.HttpContext: { } http } local ? AnswerAsync(local, http, next) : next(context);

    private static async Task AnswerAsync(LocalFunctionContext context, HttpContext http, FunctionExecutionDelegate next)
    {
        context.Items[LocalFunctionContext.HttpContextKey] = http;
        await next(context);
        if (context.Result.Value is IResult result)
        {
            await result.ExecuteAsync(http);
        }
    }
}
