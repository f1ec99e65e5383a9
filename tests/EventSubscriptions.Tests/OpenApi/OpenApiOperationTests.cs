using System.Net;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EventSubscriptions.OpenApi;
using EventSubscriptions.Tests.Scenarios.Harness;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Tests.OpenApi;

/// <summary>The operations of the description are the HTTP functions of the app, with the same callers, parameters and fields.</summary>
public sealed class OpenApiOperationTests(SharedApp shared) : IClassFixture<SharedApp>
{
    private const string Unknown = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";

    public static TheoryData<string> Operations => [.. Description.Operations.Select(operation => operation.Id)];

    [Fact]
    public void Every_function_with_GET_has_HEAD()
    {
        var methods = typeof(OpenApiDocument)
            .Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .SelectMany(method => method.GetParameters())
            .Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()?.Methods)
            .OfType<string[]>()
            .ToList();

        Assert.NotEmpty(methods);
        Assert.All(methods, all => Assert.Equal(all.Contains("get", StringComparer.Ordinal), all.Contains("head", StringComparer.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task HEAD_returns_what_GET_does_without_the_body(string id)
    {
        var operation = Description.Operation(id);
        if (operation.Method != "GET")
        {
            return;
        }

        var path = await PathOf(operation);
        var get = await shared.App.AsAdmin().Get(path);

        var head = (await shared.App.AsAdmin().Send(HttpMethod.Head, path)).Expect(HttpStatusCode.OK);

        Assert.Equal((get.ContentType, ""), (head.ContentType, head.Text));
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public void Operation_lists_the_parameters_of_its_path(string id)
    {
        var operation = Description.Operation(id);

        Assert.Equal(
            Regex.Matches(operation.Path, @"\{(\w+)\}").Select(match => match.Groups[1].Value),
            operation.ParametersIn("path").Select(parameter => (string)parameter["name"]!)
        );
        Assert.All(
            operation.Parameters,
            parameter => Assert.Equal((string?)parameter["in"] == "path", (bool?)parameter["required"] is true)
        );
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Operation_lists_the_parameters_that_its_function_reads_from_the_query(string id)
    {
        var operation = Description.Operation(id);

        if (Ignores(operation))
        {
            Assert.Empty(operation.ParametersIn("query"));
            (await shared.App.As(null).Get($"{operation.Path}?{Unknown}=1")).Expect(HttpStatusCode.OK);
            return;
        }

        var errors = await Errors(
            operation,
            $"{await PathOf(operation)}?{Unknown}=1",
            operation.Body is null ? null
                : operation.Method == "POST" ? "{}"
                : """{"name":"n"}"""
        );

        Same(
            operation.ParametersIn("query").Select(parameter => (string)parameter["name"]!),
            Known(errors),
            $"{id}: the parameters in the query"
        );
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Operation_lists_the_headers_that_its_function_reads(string id)
    {
        var operation = Description.Operation(id);
        var described = operation.ParametersIn("header").Select(parameter => (string)parameter["name"]!).ToList();
        if (described.Contains("If-None-Match", StringComparer.Ordinal))
        {
            // Web servers ignore conditions of reading that they don't understand; 304 and 412 show that these are read.
            Assert.Equal(["304", "412"], operation.Statuses.Where(status => status is "304" or "412"));
            return;
        }

        if (Ignores(operation))
        {
            Assert.Empty(described);
            return;
        }

        if (described.Contains("webhook-id", StringComparer.Ordinal))
        {
            // Any text is accepted.
            return;
        }

        var response = await shared
            .App.AsAdmin()
            .Send(
                new HttpMethod(operation.Method),
                $"{await PathOf(operation)}?{Unknown}=1",
                operation.Body is null ? null : "{}"u8.ToArray(),
                "application/json",
                ifMatch: "not in quotes",
                ("Idempotency-Key", "not one word")
            );

        var errors = response.Expect(HttpStatusCode.BadRequest).Json["errors"]!.AsObject();
        Same(
            described,
            errors.Select(error => error.Key).Where(name => name is "If-Match" or "Idempotency-Key"),
            $"{id}: the parameters in headers"
        );
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Operation_lists_the_fields_that_its_function_reads_from_the_body(string id)
    {
        var operation = Description.Operation(id);
        if (operation.Body is null)
        {
            Assert.Null(operation.Definition["requestBody"]);
            return;
        }

        var schema = Description.Resolve(operation.Body);
        schema = schema["oneOf"] is { } alternatives && schema["properties"] is null ? Description.Resolve(alternatives[0]!) : schema;

        var isOpen = (bool?)schema["additionalProperties"] is true;
        var errors = await Errors(operation, await PathOf(operation), $$"""{"{{Unknown}}":1}""");

        Same(
            schema["required"]?.AsArray().Select(name => (string)name!) ?? [],
            errors.Where(error => (string)error.Value![0]! == "is required").Select(error => error.Key),
            $"{id}: the required properties of the body"
        );
        Assert.Equal(isOpen, !errors.ContainsKey(Unknown));
        if (isOpen)
        {
            return;
        }

        Same(schema["properties"]?.AsObject().Select(property => property.Key) ?? [], Known(errors), $"{id}: the properties of the body");
        Assert.False((bool?)schema["additionalProperties"], $"{id}: unknown fields are errors.");
    }

    [Fact]
    public void All_media_types_of_a_body_have_the_same_schema()
    {
        Assert.All(
            Description.Operations.Where(operation => operation.Body is not null),
            operation =>
                Assert.All(
                    operation.Definition["requestBody"]!["content"]!.AsObject(),
                    type => Assert.Equal(operation.Body!.ToJsonString(), type.Value!["schema"]!.ToJsonString())
                )
        );
    }

    /// <summary>What takes any request: it reports no errors.</summary>
    private static bool Ignores(Operation operation) => !operation.Statuses.Contains("400", StringComparer.Ordinal);

    private Task<string> PathOf(Operation operation) => new Things(shared.App, shared.NewOrganization(), shared.Receiver).PathOf(operation);

    private async Task<JsonObject> Errors(Operation operation, string path, string? body) =>
        (await shared.App.AsAdmin().Send(new HttpMethod(operation.Method), path, body)).Expect(HttpStatusCode.BadRequest).Json[
            "errors"
        ]!.AsObject();

    /// <summary>The names in "is unknown; expected one of a, b".</summary>
    private static string[] Known(JsonObject errors)
    {
        var message = (string)errors[Unknown]![0]!;
        return message.EndsWith("none is expected", StringComparison.Ordinal)
            ? []
            : message[(message.IndexOf("expected one of ", StringComparison.Ordinal) + "expected one of ".Length)..].Split(", ");
    }

    private static void Same(IEnumerable<string> described, IEnumerable<string> read, string what) =>
        Assert.True(
            described.ToHashSet(StringComparer.Ordinal).SetEquals(read),
            $"{what} are [{string.Join(", ", described)}] in {Description.Folder}, and the app reads [{string.Join(", ", read)}]."
        );
}
