using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>
/// What the Functions host reads of the app that is published: every function of the product, found by the worker's generators in the
/// library.
/// </summary>
public sealed class FunctionsMetadataTests
{
    internal static string File { get; } =
        Repository.PathOf(
            "src",
            "FunctionsApp",
            "bin",
            "StandIn",
            Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))!),
            "net10.0",
            "functions.metadata"
        );

    [Fact]
    public void Every_function_is_in_the_metadata_with_its_trigger()
    {
        using var metadata = JsonDocument.Parse(System.IO.File.ReadAllText(File));

        Assert.Equal(
            Declared().Order(StringComparer.Ordinal),
            metadata.RootElement.EnumerateArray().Select(Line).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Every_route_is_accepted_by_the_worker()
    {
        var routes = typeof(EventSubscriptionsApp)
            .Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .SelectMany(method => method.GetParameters())
            .Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()?.Route)
            .OfType<string>()
            .ToList();

        // It puts a slash before each, and doesn't start if it can't parse one.
        Assert.NotEmpty(routes);
        Assert.All(routes, route => Assert.NotNull(RoutePatternFactory.Parse($"/{route}")));
        Assert.DoesNotContain("", routes);
    }

    [Fact]
    public void Every_function_is_in_the_product()
    {
        using var metadata = JsonDocument.Parse(System.IO.File.ReadAllText(File));

        Assert.All(
            metadata.RootElement.EnumerateArray(),
            function => Assert.Equal("EventSubscriptions.dll", function.GetProperty("scriptFile").GetString())
        );
    }

    private static IEnumerable<string> Declared() =>
        from type in typeof(EventSubscriptionsApp).Assembly.GetTypes()
        from method in type.GetMethods()
        let function = method.GetCustomAttribute<FunctionAttribute>()
        where function is not null
        from parameter in method.GetParameters()
        let trigger = Trigger(parameter)
        where trigger is not null
        select $"{function.Name}: {trigger}";

    private static string? Trigger(ParameterInfo parameter) =>
        parameter.GetCustomAttribute<HttpTriggerAttribute>() is { } http
            ? $"http {http.AuthLevel} {string.Join(',', http.Methods!)} {http.Route}"
        : parameter.GetCustomAttribute<TimerTriggerAttribute>() is { } timer ? $"timer {timer.Schedule}"
        : parameter.GetCustomAttribute<ServiceBusTriggerAttribute>() is { } bus
            ? $"queue {bus.QueueName} {bus.Connection} {(bus.IsBatched ? "Many" : "One")} {bus.AutoCompleteMessages}"
        : null;

    private static string Line(JsonElement function)
    {
        var trigger = function
            .GetProperty("bindings")
            .EnumerateArray()
            .Single(binding => Text(binding, "type").EndsWith("Trigger", StringComparison.Ordinal));
        var line = Text(trigger, "type") switch
        {
            "httpTrigger" =>
                $"http {Text(trigger, "authLevel")} {string.Join(',', trigger.GetProperty("methods").EnumerateArray().Select(one => one.GetString()))} {Text(trigger, "route")}",
            "timerTrigger" => $"timer {Text(trigger, "schedule")}",
            _ =>
                $"queue {Text(trigger, "queueName")} {Text(trigger, "connection")} {Text(trigger, "cardinality")} {trigger.GetProperty("autoCompleteMessages").GetBoolean()}",
        };
        return $"{Text(function, "name")}: {line}";
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
