using Azure.Messaging.ServiceBus;
using LocalHost.Functions;
using LocalHost.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Tests.Functions;

public sealed class FunctionDiscoveryTests
{
    [Fact]
    public void Functions_are_found_in_the_order_of_their_names() =>
        Assert.Equal(
            ["alpha: GET,POST /v1/things/{id:int}", "Beta: queue work", "delta: any /v1/delta", "Gamma: timer %Schedule%"],
            FunctionDiscovery.Find([typeof(Right)], "v1").Select(function => $"{function.Name}: {function.Trigger}")
        );

    [Fact]
    public void Functions_of_this_assembly_are_among_its_types() =>
        Assert.Contains(typeof(Right), FunctionDiscovery.TypesOf(typeof(Right).Assembly));

    [Theory]
    [InlineData(typeof(UnknownParameter), "'request2'")]
    [InlineData(typeof(RouteParameterOfWrongType), "'id'")]
    [InlineData(typeof(TwoTriggers), "not 2")]
    [InlineData(typeof(NoTrigger), "not 0")]
    [InlineData(typeof(WrongTriggerType), "String")]
    [InlineData(typeof(BatchOfOne), "ServiceBusReceivedMessage[]")]
    [InlineData(typeof(NotPublic), "public")]
    [InlineData(typeof(Abstract), "can be created")]
    [InlineData(typeof(WrongResult), "returns String")]
    [InlineData(typeof(ResultOfTimer), "returns IResult")]
    [InlineData(typeof(WrongName), "a name must be")]
    [InlineData(typeof(WrongRoute), "things/{")]
    [InlineData(typeof(ReservedRoute), "admin/things")]
    [InlineData(typeof(FunctionKey), "Anonymous")]
    [InlineData(typeof(AsyncVoid), "async void")]
    [InlineData(typeof(SameNames), "used 2 times")]
    [InlineData(typeof(SameRoutes), "both F and G")]
    public void Invalid_function_is_refused_with_the_reason(Type type, string reason)
    {
        var message = Assert.Throws<StartupException>(() => FunctionDiscovery.Find([type], "")).Message;

        Assert.Contains(reason, message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Invalid_functions_are_all_reported()
    {
        var message = Assert
            .Throws<StartupException>(() => FunctionDiscovery.Find([typeof(NoTrigger), typeof(NotPublic), typeof(Right)], ""))
            .Message;

        Assert.Equal(3, message.Split('\n').Length);
    }

    public sealed class Right
    {
        [Function("Gamma")]
        public void Timer([TimerTrigger("%Schedule%")] TimerInfo timer) { }

        [Function("alpha")]
        public IResult Http(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "things/{id:int}")] HttpRequest request,
            string id,
            FunctionContext context,
            CancellationToken token
        ) => Results.Ok();

        [Function("Beta")]
        public Task Queue(
            [ServiceBusTrigger("work", IsBatched = true)] ServiceBusReceivedMessage[] messages,
            ServiceBusMessageActions actions
        ) => Task.CompletedTask;

        [Function("delta")]
        public static Task<IResult> Any([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => Task.FromResult(Results.Ok());
    }

    public sealed class UnknownParameter
    {
        [Function("F")]
        public void F([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request, HttpRequest request2) { }
    }

    public sealed class RouteParameterOfWrongType
    {
        [Function("F")]
        public void F([HttpTrigger(AuthorizationLevel.Anonymous, Route = "{id}")] HttpRequest request, Guid id) { }
    }

    public sealed class TwoTriggers
    {
        [Function("F")]
        public void F([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request, [TimerTrigger("* * * * * *")] TimerInfo timer) { }
    }

    public sealed class NoTrigger
    {
        [Function("F")]
        public void F(HttpRequest request) { }
    }

    public sealed class WrongTriggerType
    {
        [Function("F")]
        public void F([HttpTrigger(AuthorizationLevel.Anonymous)] string request) { }
    }

    public sealed class BatchOfOne
    {
        [Function("F")]
        public void F([ServiceBusTrigger("q", IsBatched = true)] ServiceBusReceivedMessage message) { }
    }

    public sealed class NotPublic
    {
        [Function("F")]
        internal void F([TimerTrigger("* * * * * *")] TimerInfo timer) { }
    }

    public abstract class Abstract
    {
        [Function("F")]
        public void F([TimerTrigger("* * * * * *")] TimerInfo timer) { }
    }

    public sealed class WrongResult
    {
        [Function("F")]
        public Task<string> F([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => Task.FromResult("");
    }

    public sealed class ResultOfTimer
    {
        [Function("F")]
        public IResult F([TimerTrigger("* * * * * *")] TimerInfo timer) => Results.Ok();
    }

    public sealed class WrongName
    {
        [Function("1 F")]
        public void F([TimerTrigger("* * * * * *")] TimerInfo timer) { }
    }

    public sealed class WrongRoute
    {
        [Function("F")]
        public void F([HttpTrigger(AuthorizationLevel.Anonymous, Route = "things/{")] HttpRequest request) { }
    }

    public sealed class ReservedRoute
    {
        [Function("F")]
        public void F([HttpTrigger(AuthorizationLevel.Anonymous, Route = "admin/things")] HttpRequest request) { }
    }

    public sealed class FunctionKey
    {
        [Function("F")]
        public void F([HttpTrigger(AuthorizationLevel.Function)] HttpRequest request) { }
    }

    public sealed class AsyncVoid
    {
        [Function("F")]
        public async void F([TimerTrigger("* * * * * *")] TimerInfo timer) => await Task.Yield();
    }

    public sealed class SameNames
    {
        [Function("F")]
        public void F([TimerTrigger("* * * * * *")] TimerInfo timer) { }

        [Function("f")]
        public void G([TimerTrigger("* * * * * *")] TimerInfo timer) { }
    }

    public sealed class SameRoutes
    {
        [Function("F")]
        public void F([HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "things")] HttpRequest request) { }

        [Function("G")]
        public void G([HttpTrigger(AuthorizationLevel.Anonymous, "put", "GET", Route = "/things")] HttpRequest request) { }
    }
}
