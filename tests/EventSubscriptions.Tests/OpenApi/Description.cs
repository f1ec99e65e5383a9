using System.Text.Json.Nodes;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.OpenApi;

namespace EventSubscriptions.Tests.OpenApi;

/// <summary>The description of the API, as tests read it.</summary>
internal static class Description
{
    /// <summary>Where its parts are written.</summary>
    public const string Folder = "src/EventSubscriptions/OpenApi/Parts";

    private static readonly string[] s_methods = ["get", "put", "post", "delete", "patch"];

    public static string Json { get; } = System.Text.Encoding.UTF8.GetString(new OpenApiDocument(EventCatalogue.Load()).Json.Span);

    public static JsonObject Document { get; } = JsonNode.Parse(Json)!.AsObject();

    public static JsonObject Schemas { get; } = Document["components"]!["schemas"]!.AsObject();

    public static IReadOnlyList<Operation> Operations { get; } =
    [
        .. from path in Document["paths"]!.AsObject()
        from method in path.Value!.AsObject()
        where s_methods.Contains(method.Key, StringComparer.Ordinal)
        select new Operation((string)method.Value!["operationId"]!, method.Key.ToUpperInvariant(), path.Key, method.Value.AsObject()),
    ];

    public static Operation Operation(string id) => Operations.Single(operation => operation.Id == id);

    /// <summary>A schema, a parameter or a response itself, where something refers to it.</summary>
    public static JsonObject Resolve(JsonNode node) =>
        (string?)node["$ref"] is { } reference
            ? Resolve(
                reference[2..]
                    .Split('/')
                    .Aggregate((JsonNode)Document, (at, name) => at[name.Replace("~1", "/", StringComparison.Ordinal)]!)
            )
            : node.AsObject();

    /// <summary>What a schema allows one of.</summary>
    public static IEnumerable<string> Words(JsonNode schema) => Resolve(schema)["enum"]!.AsArray().Select(word => (string)word!);
}

/// <summary>An operation of the description.</summary>
internal sealed record Operation(string Id, string Method, string Path, JsonObject Definition)
{
    public IEnumerable<string> Statuses => Definition["responses"]!.AsObject().Select(response => response.Key);

    public IReadOnlyList<JsonObject> Parameters { get; } =
    [.. Definition["parameters"]?.AsArray().Select(parameter => Description.Resolve(parameter!)) ?? []];

    /// <summary>The schema of the request's body, or null where it takes none.</summary>
    public JsonNode? Body => Definition["requestBody"]?["content"]?["application/json"]?["schema"];

    /// <summary>The path with the parameters' examples in it.</summary>
    public string ExamplePath =>
        ParametersIn("path")
            .Aggregate(
                Path,
                (path, parameter) => path.Replace($"{{{parameter["name"]}}}", parameter["example"]!.ToString(), StringComparison.Ordinal)
            );

    /// <summary>The roles of which one is enough; none, where it takes any key, or no key.</summary>
    public IReadOnlyList<string> Roles =>
        [
            .. Definition["security"]!
                .AsArray()
                .Select(item => item!["bearer"])
                .First(item => item is not null)!
                .AsArray()
                .Select(role => (string)role!),
        ];

    public IEnumerable<JsonObject> ParametersIn(string place) => Parameters.Where(parameter => (string?)parameter["in"] == place);

    public override string ToString() => Id;
}
