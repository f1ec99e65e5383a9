using System.Net;
using LocalHost.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LocalHost.Tests.Functions;

public sealed class InvocationTests
{
    [Fact]
    public async Task Function_class_gets_its_services_in_a_scope_per_invocation()
    {
        await using var host = await TestHost.StartAsync<Functions>(builder =>
            builder.Services.AddScoped<Scoped>().AddSingleton<Disposed>().AddKeyedSingleton("blue", new Keyed("a blue one"))
        );

        var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.Client.GetStringAsync("scope")));

        Assert.Equal(20, responses.Distinct(StringComparer.Ordinal).Count());
        Assert.All(responses, response => Assert.EndsWith("a blue one", response, StringComparison.Ordinal));
        Assert.Equal(20, host.Services.GetRequiredService<Disposed>().Count);
    }

    [Fact]
    public async Task Middleware_runs_in_the_order_in_which_it_was_added()
    {
        await using var host = await TestHost.StartAsync<Plain>(builder =>
        {
            builder.Services.AddSingleton<List<string>>();
            builder.UseMiddleware<Outer>().UseMiddleware<Inner>();
        });

        await host.Client.GetStringAsync("plain");

        Assert.Equal(["outer in: Plain", "inner in", "inner out", "outer out"], host.Services.GetRequiredService<List<string>>());
    }

    [Fact]
    public async Task Middleware_responds_instead_of_the_function_when_it_does_not_call_next()
    {
        await using var host = await TestHost.StartAsync<Plain>(builder =>
            builder.Use(_ => context => Results.Text("stop", statusCode: 401).ExecuteAsync(context.GetHttpContext()!))
        );

        var response = await host.Client.GetAsync("plain");

        Assert.Equal((HttpStatusCode.Unauthorized, "stop"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Middleware_replaces_the_result_of_the_function()
    {
        await using var host = await TestHost.StartAsync<Plain>(builder =>
            builder.Use(_ => context => context.GetHttpContext()!.Response.WriteAsync("replaced"))
        );

        Assert.Equal("replaced", await host.Client.GetStringAsync("plain"));
    }

    [Fact]
    public async Task Context_passes_items_from_middleware_to_the_function()
    {
        await using var host = await TestHost.StartAsync<Plain>(builder =>
            builder.Use(next =>
                context =>
                {
                    context.Items["caller"] = "somebody";
                    return next(context);
                }
            )
        );

        Assert.Equal("somebody", await host.Client.GetStringAsync("caller"));
    }

    [Fact]
    public async Task Request_services_are_those_of_the_invocation()
    {
        await using var host = await TestHost.StartAsync<Plain>();

        Assert.Equal("True", await host.Client.GetStringAsync("services"));
    }

    [Fact]
    public async Task Context_names_the_function_and_numbers_each_invocation()
    {
        await using var host = await TestHost.StartAsync<Plain>();

        var first = (await host.Client.GetStringAsync("context")).Split(' ');
        var second = (await host.Client.GetStringAsync("context")).Split(' ');

        Assert.Equal("Context", first[0]);
        Assert.NotEqual(Guid.Parse(first[1]), Guid.Parse(second[1]));
    }

    [Fact]
    public async Task Failure_is_logged_once_with_the_exception_and_the_function()
    {
        await using var host = await TestHost.StartAsync<Plain>();

        await host.Client.GetAsync("fail");

        var (_, message, exception) = Assert.Single(host.Logs.Errors);
        Assert.Contains("Fail", message, StringComparison.Ordinal);
        Assert.Equal("on purpose", Assert.IsType<InvalidOperationException>(exception).Message);
    }

    public sealed record Keyed(string Name);

    public sealed class Disposed
    {
        private int _count;

        public int Count => _count;

        public void Add() => Interlocked.Increment(ref _count);
    }

    public sealed class Scoped(Disposed disposed) : IDisposable
    {
        public Guid Id { get; } = Guid.NewGuid();

        public void Dispose() => disposed.Add();
    }

    public sealed class Functions(Scoped scoped, [FromKeyedServices("blue")] Keyed keyed)
    {
        [Function("Scope")]
        public async Task<IResult> Scope(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "scope")] HttpRequest request,
            FunctionContext context
        )
        {
            await Task.Yield();
            Assert.Same(scoped, context.InstanceServices.GetRequiredService<Scoped>());
            return Results.Text($"{scoped.Id} {keyed.Name}");
        }
    }

    public sealed class Plain
    {
        [Function("Plain")]
        public static IResult Respond([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "plain")] HttpRequest request) =>
            TypedResults.Ok("plain");

        [Function("Caller")]
        public static IResult Caller(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "caller")] HttpRequest request,
            FunctionContext context
        ) => Results.Text((string)context.Items["caller"]);

        [Function("Services")]
        public static IResult Services(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "services")] HttpRequest request,
            FunctionContext context
        ) => Results.Text((request.HttpContext.RequestServices == context.InstanceServices).ToString());

        [Function("Context")]
        public static IResult Context(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "context")] HttpRequest request,
            FunctionContext context
        ) => Results.Text($"{context.FunctionDefinition.Name} {context.InvocationId}");

        [Function("Fail")]
        public static IResult Fail([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "fail")] HttpRequest request) =>
            throw new InvalidOperationException("on purpose");
    }

    internal sealed class Outer(List<string> log) : IFunctionsWorkerMiddleware
    {
        public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            log.Add($"outer in: {context.FunctionDefinition.Name}");
            await next(context);
            log.Add("outer out");
        }
    }

    internal sealed class Inner(List<string> log) : IFunctionsWorkerMiddleware
    {
        public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            log.Add("inner in");
            await next(context);
            log.Add("inner out");
        }
    }
}
