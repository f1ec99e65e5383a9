using System.Reflection;
using EventSubscriptions.Access;
using EventSubscriptions.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Tests.Access;

public sealed class FunctionAccessTests
{
    private static readonly Assembly s_app = typeof(AccessMiddleware).Assembly;

    private static readonly List<string> s_names =
    [
        .. s_app
            .GetTypes()
            .SelectMany(type => type.GetMethods())
            .Where(method => method.GetParameters().Any(parameter => parameter.IsDefined(typeof(HttpTriggerAttribute))))
            .Select(method => method.GetCustomAttribute<FunctionAttribute>()!.Name),
    ];

    public static TheoryData<string> HttpFunctions => [.. s_names];

    [Theory]
    [MemberData(nameof(HttpFunctions))]
    public void HTTP_function_declares_who_may_call_it(string function)
    {
        var requirement = FunctionAccess.Of(s_app)[function];

        Assert.True(requirement.Anonymous || requirement.AnyOf.Count > 0);
        Assert.True(requirement.IsMetBy(new Caller(Given.Actor(""), Role.Admin, null)));
    }

    [Fact]
    public void Only_health_the_description_the_templates_and_the_portal_are_anonymous() =>
        Assert.Equal(
            ["GetHealth", "GetOpenApi", "GetPortal", "GetRoot", "ListTemplates"],
            s_names.Where(name => FunctionAccess.Of(s_app)[name].Anonymous).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Nobody_may_call_a_function_that_is_unknown_or_declares_nothing()
    {
        var functions = FunctionAccess.Of(typeof(FunctionAccessTests).Assembly);

        Assert.False(functions["Forgotten"].IsMetBy(new Caller(Given.Actor(""), Role.Admin, null)));
        Assert.False(functions["Unheard"].IsMetBy(new Caller(Given.Actor(""), Role.Admin, null)));
        Assert.True(functions["remembered"].IsMetBy(new Caller(Given.Actor(""), Role.Publish, null)));
        Assert.False(functions["Remembered"].IsMetBy(new Caller(Given.Actor(""), Role.Read, null)));
    }

    internal sealed class Sample
    {
        [Function("Forgotten")]
        public void Forgotten() { }

        [Function("Remembered")]
        [Requires(Role.Publish)]
        public void Remembered() { }
    }
}
