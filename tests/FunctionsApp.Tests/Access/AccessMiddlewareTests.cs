using Azure.Data.Tables;
using EventSubscriptions.Access;
using EventSubscriptions.Health;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;

namespace EventSubscriptions.Tests.Access;

public sealed class AccessMiddlewareTests
{
    private const string AdminKey = "admin-key-of-32-characters-or-so";

    private readonly AccessMiddleware _middleware = new(new Authenticator(
        new ApiKeyStore(Mock.Of<TableServiceClient>()), new AccessOptions(new Secret(AdminKey)), TimeProvider.System, NullLogger<Authenticator>.Instance));

    private bool _ran;

    [Fact]
    public async Task Function_runs_and_knows_who_calls_for_which_organization()
    {
        var http = Request(AdminKey);
        http.Request.RouteValues["organizationId"] = "7";
        var invocation = await InvokeAsync(http, nameof(SubscriptionFunctions.ListSubscriptions));

        Assert.True(_ran);
        Assert.Equal(Authenticator.AdminKeyName, invocation.Context.GetCaller()!.Name);
        Assert.Equal(7, invocation.Context.GetOrganization().Value);
    }

    [Fact]
    public async Task Function_does_not_run_without_a_key()
    {
        var invocation = await InvokeAsync(Request(null), nameof(SubscriptionFunctions.ListSubscriptions));

        Assert.False(_ran);
        Assert.Equal(401, (await invocation.Answer!.ReplyAsync()).Status);
    }

    [Fact]
    public async Task Function_that_says_nothing_runs_for_nobody()
    {
        var invocation = await InvokeAsync(Request(AdminKey), "Forgotten");

        Assert.False(_ran);
        Assert.Equal(403, (await invocation.Answer!.ReplyAsync()).Status);
    }

    [Fact]
    public async Task Anonymous_function_runs_without_a_caller()
    {
        var invocation = await InvokeAsync(Request(null), nameof(HealthFunctions.GetHealth));

        Assert.True(_ran);
        Assert.Null(invocation.Context.GetCaller());
    }

    [Fact]
    public async Task Function_with_another_trigger_runs_unasked()
    {
        await InvokeAsync(null, "FanOutEvents");

        Assert.True(_ran);
    }

    private static DefaultHttpContext Request(string? key)
    {
        var http = new DefaultHttpContext();
        if (key is not null)
        {
            http.Request.Headers.Authorization = $"Bearer {key}";
        }

        return http;
    }

    private async Task<Invocation> InvokeAsync(HttpContext? http, string function)
    {
        var invocation = Invocations.Of(http, function);
        await _middleware.Invoke(invocation.Context, _ =>
        {
            _ran = true;
            return Task.CompletedTask;
        });
        return invocation;
    }
}
