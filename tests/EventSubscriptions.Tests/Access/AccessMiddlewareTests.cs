using EventSubscriptions.Access;
using EventSubscriptions.Http;
using EventSubscriptions.Secrets;
using EventSubscriptions.Tests.Storage;
using LocalHost.Functions;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Access;

public sealed class AccessMiddlewareTests
{
    private const string AdminKey = "admin-key-of-32-characters-or-so";

    private readonly TestClock _clock = new();
    private bool _ran;

    [Fact]
    public async Task Function_does_not_run_without_a_key()
    {
        var http = Http(key: null);

        await InvokeAsync(ContextOf("ListEventTypes", http), _ => Run());

        Assert.Equal((401, false), (http.Response.StatusCode, _ran));
    }

    [Fact]
    public async Task Function_that_validates_its_request_knows_its_caller()
    {
        var context = ContextOf("ListEventTypes", Http(AdminKey));

        await InvokeAsync(
            context,
            _ =>
            {
                Assert.Null(ApiRequest.Of(context.GetHttpContext()!.Request, context).Validate());
                return Run();
            }
        );

        Assert.True(_ran);
        Assert.Equal(Role.Admin, context.GetCaller()?.Role);
    }

    [Fact]
    public async Task Function_fails_when_it_does_not_validate_its_request() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => InvokeAsync(ContextOf("ListEventTypes", Http(AdminKey)), _ => Run()));

    [Fact]
    public async Task Anonymous_function_has_nothing_to_validate()
    {
        await InvokeAsync(ContextOf("GetHealth", Http(key: null)), _ => Run());

        Assert.True(_ran);
    }

    [Fact]
    public async Task Function_with_another_trigger_runs()
    {
        await InvokeAsync(new TestFunctionContext { Definition = new LocalFunctionDefinition("Deliver") }, _ => Run());

        Assert.True(_ran);
    }

    private static DefaultHttpContext Http(string? key)
    {
        var http = new DefaultHttpContext { RequestServices = new ServiceCollection().AddLogging().BuildServiceProvider() };
        if (key is not null)
        {
            http.Request.Headers[RequestKey.Header] = key;
        }

        return http;
    }

    private static TestFunctionContext ContextOf(string function, HttpContext http) =>
        new() { Definition = new LocalFunctionDefinition(function), Items = { ["HttpRequestContext"] = http } };

    private async Task InvokeAsync(TestFunctionContext context, Func<FunctionContext, Task> function)
    {
        var authenticator = new Authenticator(
            new ApiKeyStore(await new LocalStores().ConnectAsync()),
            Given.Mark,
            new AccessOptions(new Secret(AdminKey)),
            _clock,
            NullLogger<Authenticator>.Instance
        );
        await new AccessMiddleware(authenticator, _clock).Invoke(context, _ => function(context));
    }

    private Task Run()
    {
        _ran = true;
        return Task.CompletedTask;
    }
}
