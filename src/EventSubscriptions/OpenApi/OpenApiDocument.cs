using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Telemetry;

namespace EventSubscriptions.OpenApi;

/// <summary>
/// The OpenAPI 3.1 description. Paths, roles, the schemas of responses, the event types and the version come from the code; the folder
/// <c>Parts</c> adds what only people know, one file per capability. Built on first use.
/// </summary>
public sealed class OpenApiDocument(EventCatalogue catalogue)
{
    private const string ResourcePrefix = "OpenApi/";

    /// <summary>It changes only with the app, but right after a deployment.</summary>
    private const string CacheControl = "public, max-age=300";

    private readonly Lazy<ReadOnlyMemory<byte>> _json = new(() => Write(Make(catalogue)));
    private StaticContentResult? _result;

    /// <summary>The document.</summary>
    public ReadOnlyMemory<byte> Json => _json.Value;

    /// <summary>The document as a result.</summary>
    internal StaticContentResult Result => _result ??= new StaticContentResult(Json, CacheControl);

    private static JsonObject Make(EventCatalogue catalogue)
    {
        var document = new JsonObject();
        foreach (var (name, part) in Parts())
        {
            Merge(document, part, name);
        }

        document["info"]!["version"] = AppVersion.Text;
        document["paths"] = Paths(document["operations"]!.AsObject());
        document.Remove("operations");
        var schemas = document["components"]!["schemas"]!.AsObject();
        foreach (var (name, schema) in ResponseSchemas.Create())
        {
            schemas[name] = Combine(schema!.AsObject(), schemas[name]?.AsObject() ?? [], name);
        }

        Describe(catalogue, document);
        return document;
    }

    /// <summary>The paths of all functions, with the operations of the parts, by id.</summary>
    private static JsonObject Paths(JsonObject operations)
    {
        var functions = HttpOperation.All.ToDictionary(function => function.Id, StringComparer.Ordinal);
        if (functions.Keys.Except(operations.Select(operation => operation.Key), StringComparer.Ordinal).FirstOrDefault() is { } missing)
        {
            throw new InvalidDataException($"The operation {missing} is in no part.");
        }

        var paths = new JsonObject();
        foreach (var (id, operation) in operations)
        {
            if (!functions.TryGetValue(id, out var function))
            {
                throw new InvalidDataException($"No function is named like the operation {id}.");
            }

            var described = operation!.DeepClone().AsObject();
            described["operationId"] = id;
            described["description"] = $"{described["description"]}\n\n{function.RolesSentence}";
            described["security"] = function.Security;
            var path = paths[function.Path]?.AsObject() ?? [];
            path[function.Method] = described;
            paths[function.Path] = path;
        }

        return paths;
    }

    /// <summary>Adds what a part says to a schema from the code. A part can't repeat it, and can't have other properties.</summary>
    internal static JsonObject Combine(JsonObject schema, JsonObject part, string path)
    {
        if (part.ContainsKey("$ref"))
        {
            return part.DeepClone().AsObject();
        }

        schema = schema.DeepClone().AsObject();
        foreach (var (name, value) in part)
        {
            if (name == "properties")
            {
                foreach (var (property, more) in value!.AsObject())
                {
                    var known =
                        schema["properties"]?[property]
                        ?? throw new InvalidDataException($"{path} has no property {property}, but a part describes it.");
                    schema["properties"]![property] = Combine(known.AsObject(), more!.AsObject(), $"{path}/{property}");
                }
            }
            else if (schema[name] is JsonObject inner && value is JsonObject more)
            {
                schema[name] = Combine(inner, more, $"{path}/{name}");
            }
            else if (!schema.TryAdd(name, value?.DeepClone()))
            {
                throw new InvalidDataException($"{path}/{name} is known from the code. Remove it from the part.");
            }
        }

        return schema;
    }

    private static IEnumerable<(string Name, JsonObject Part)> Parts()
    {
        var assembly = typeof(OpenApiDocument).Assembly;
        foreach (
            var name in assembly
                .GetManifestResourceNames()
                .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        )
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            yield return (name, JsonNode.Parse(stream)!.AsObject());
        }
    }

    /// <summary>Objects with the same name are merged; anything else that exists twice is an error.</summary>
    private static void Merge(JsonObject target, JsonObject part, string path)
    {
        foreach (var (name, value) in part)
        {
            if (!target.TryGetPropertyValue(name, out var known))
            {
                target[name] = value!.DeepClone();
            }
            else if (known is JsonObject inner && value is JsonObject more)
            {
                Merge(inner, more, $"{path}/{name}");
            }
            else
            {
                throw new InvalidDataException($"{path}/{name} is in another part, too.");
            }
        }
    }

    /// <summary>Adds a schema for each event type, and references to them.</summary>
    private static void Describe(EventCatalogue catalogue, JsonObject document)
    {
        var schemas = document["components"]!["schemas"]!.AsObject();
        foreach (var type in catalogue.All)
        {
            var schema = JsonNode.Parse(type.Document.Span)!["schema"]!.DeepClone().AsObject();
            schema.Remove("$schema");
            schemas.Add(type.Name.ToString(), schema);
        }

        schemas.Add(
            "EventName",
            new JsonObject
            {
                ["description"] = "The name of an event type: a built-in one, or a custom one. Case-sensitive.",
                ["type"] = "string",
                ["anyOf"] = new JsonArray(
                    new JsonObject { ["enum"] = Array(catalogue.All, type => type.Name.ToString()) },
                    new JsonObject { ["pattern"] = "^[A-Za-z][A-Za-z0-9._-]{0,127}$" }
                ),
            }
        );
        schemas["EventPayload"]!["anyOf"] = Array(catalogue.All.Select(type => type.Name.ToString()).Append("OtherEvent"), Reference);
        var names = Array(catalogue.All, type => type.Name.ToString());
        schemas["EventToPublish"]!["oneOf"] = Array(
            [
                .. catalogue.All.Select(type =>
                    EventToPublish(
                        type.Name.ToString(),
                        new JsonObject { ["const"] = type.Name.ToString() },
                        Reference($"{type.Name}/properties/data")
                    )
                ),
                EventToPublish(
                    "Custom event",
                    new JsonObject { ["not"] = new JsonObject { ["enum"] = names } },
                    new JsonObject { ["type"] = "object" }
                ),
            ],
            alternative => alternative
        );

        var example = catalogue.All[0];
        var one = document["paths"]!["/api/event-types/{name}"]!["get"]!;
        one["parameters"]![0]!["example"] = example.Name.ToString();
        Body(one)["example"] = JsonNode.Parse(example.Document.Span);
        Body(document["paths"]!["/api/event-types"]!["get"]!)["example"]!["items"] = new JsonArray(JsonNode.Parse(example.Document.Span));
    }

    private static JsonObject EventToPublish(string title, JsonObject eventName, JsonObject data) =>
        new JsonObject
        {
            ["title"] = title,
            ["type"] = "object",
            ["required"] = new JsonArray("eventName"),
            ["properties"] = new JsonObject { ["eventName"] = eventName, ["data"] = data },
        };

    private static JsonNode Body(JsonNode operation) => operation["responses"]!["200"]!["content"]!["application/json"]!;

    private static JsonObject Reference(string schema) => new() { ["$ref"] = $"#/components/schemas/{schema}" };

    private static JsonArray Array<T>(IEnumerable<T> items, Func<T, JsonNode> node) => new([.. items.Select(node)]);

    private static ReadOnlyMemory<byte> Write(JsonObject document)
    {
        var buffer = new ArrayBufferWriter<byte>(256 * 1024);
        using (var writer = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            document.WriteTo(writer);
        }

        return buffer.WrittenMemory;
    }
}
