using System.Reflection;
using LocalHost.Functions;
using LocalHost.Triggers;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Tests.Http;

/// <summary>An invocation as middleware gets it.</summary>
internal sealed class Invocation(LocalFunctionContext context)
{
    public FunctionContext Context { get; } = context;

    /// <summary>What the middleware has answered.</summary>
    public IResult? Answer => (IResult?)context.Result.Value;
}

/// <summary>Invocations to give to middleware.</summary>
internal static class Invocations
{
    /// <summary>An invocation of a function of that name, by a request or, without one, by another trigger.</summary>
    public static Invocation Of(HttpContext? http, string function = "Sample")
    {
        var method = typeof(Invocations).GetMethod(nameof(Sample), BindingFlags.Static | BindingFlags.NonPublic)!;
        var definition = new LocalFunctionDefinition(function, nameof(Sample), "");
        var context = new LocalFunctionContext(
            new FunctionMethod(definition, method.GetParameters()[0], new HttpTriggerAttribute(AuthorizationLevel.Anonymous, "get"), null, _ => Task.FromResult<object?>(null)),
            new object(),
            new InvocationFeatures(http),
            null!,
            CancellationToken.None);
        if (http is not null)
        {
            context.Items[LocalFunctionContext.HttpContextKey] = http;
        }

        return new Invocation(context);
    }

    private static void Sample(HttpRequest request) => _ = request;
}
