using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.OpenApi;

/// <summary>
/// The app takes the requests that the description allows and refuses the others with 400: the examples with one or two values exchanged
/// for what is just within a bound, just beyond it, or of another kind. It never responds with a failure of its own.
/// </summary>
public sealed class OpenApiRequestTests(SharedApp shared) : IClassFixture<SharedApp>
{
    private const int Pairs = 20;

    /// <summary>Bounds of lengths and numbers stand in the description; these are of every kind and for every field.</summary>
    private static readonly string[] s_values =
    [
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "1.5",
        "1e99",
        "2147483647",
        "2147483648",
        "10000",
        "10001",
        "{}",
        "[]",
        "[null]",
        "[1]",
        "[[]]",
        "\"\"",
        "\" \"",
        "\"x\"",
        "\"two\\nlines\"",
        "\"bell\\u0007\"",
        "\"zero\\u200Bwidth\"",
        "\"line\\u2028end\"",
        "\"\\u202E\"",
        "10.0",
        "1e1",
        "\"ünïcödé 😀\"",
        "\"true\"",
        "\"1\"",
        "\"*\"",
        "\"CaseClosedEvent\"",
        "\"caseclosedevent\"",
        "[\"*\"]",
        "[\"*\",\"CaseClosedEvent\"]",
        "[\"CaseClosedEvent\"]",
        "[\"CaseClosedEvent\",\"CaseArchivedEvent\"]",
        "[\"no such event\"]",
        "\"read\"",
        "\"Read\"",
        "\"all\"",
        "\"failed\"",
        "\"Missed\"",
        "\"Access__AdminKey\"",
        "\"https://example.com\"",
        "\"https://example.com/a b\"",
        "\"https://example.com/#part\"",
        "\"ftp://example.com\"",
        "\"/hook\"",
        "\"https://bücher.example/ä?ö=ü\"",
        "\"00:00:00\"",
        "\"12:30:00.5\"",
        "\"30.00:00:00\"",
        "\"12:60:00\"",
        "\"100:00:00\"",
        "\"-01:00:00\"",
        "\"1.24:00:00\"",
        "\"2099-01-31T08:30:00Z\"",
        "\"2099-01-31T08:30:00.1234567+02:00\"",
        "\"2099-01-31t08:30:00.123456789z\"",
        "\"2099-01-31T08:30:00.1234567890Z\"",
        "\"2099-01-31T08:30:00\"",
        "\"2099-02-30T08:30:00Z\"",
        "\"2099-01-31\"",
    ];

    /// <summary>What the description says in words, since a schema can't.</summary>
    private static readonly HashSet<(string Operation, string Name)> s_said =
    [
        ("startReplay", "from"),
        ("startReplay", "to"),
        ("changeSubscription", "url"),
        ("putEventType", "example"),
        ("getStatistics", "from"),
        ("publishEvents", "organizationId"),
    ];

    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal) { ["content-type"] = "application/json" };

    public static TheoryData<string> WithBody =>
        [.. Description.Operations.Where(operation => operation.Body is not null).Select(operation => operation.Id)];

    public static TheoryData<string> WithQuery =>
        [.. Description.Operations.Where(operation => operation.ParametersIn("query").Any()).Select(operation => operation.Id)];

    [Theory]
    [MemberData(nameof(WithBody))]
    public async Task Body_is_accepted_exactly_when_the_description_allows_it(string id)
    {
        var operation = Description.Operation(id);
        var path = await new Things(shared.App, shared.NewOrganization(), shared.Receiver).PathOf(operation);

        foreach (var body in Bodies(operation))
        {
            await Compare(operation, path, body);
        }
    }

    [Theory]
    [MemberData(nameof(WithQuery))]
    public async Task Query_is_accepted_exactly_when_the_description_allows_it(string id)
    {
        var operation = Description.Operation(id);
        var subscription = await shared.NewOrganization().Subscribe(shared.Receiver.NewHook());
        var path = operation
            .Path.Replace("{organizationId}", subscription.Organization.Id.ToString(), StringComparison.Ordinal)
            .Replace("{id}", subscription.Id, StringComparison.Ordinal);

        foreach (
            var parameter in operation
                .ParametersIn("query")
                .Where(parameter => (string)parameter["name"]! != "continuationToken")
                .Where(parameter => !s_said.Contains((id, (string)parameter["name"]!)))
        )
        {
            foreach (
                var value in s_values
                    .Concat(AtBounds(Description.Resolve(parameter["schema"]!)))
                    .Select(text => JsonNode.Parse(text))
                    .Append(parameter["example"])
            )
            {
                await Compare(operation, $"{path}?{parameter["name"]}={Uri.EscapeDataString(value?.ToString() ?? "")}", body: null);
            }
        }
    }

    private async Task Compare(Operation operation, string path, string? body)
    {
        var response = await shared
            .App.AsAdmin()
            .Send(new HttpMethod(operation.Method), path, body is null ? null : Encoding.UTF8.GetBytes(body), "application/json");
        var problems = await DescriptionValidator.ProblemsOf(
            new
            {
                operation.Method,
                Path = path,
                RequestHeaders = s_headers,
                RequestBody = body ?? "",
            }
        );

        var said = $"{operation.Method} {path} {Shortened(body)} returns {(int)response.Status}: {response.Text}";
        Assert.True((int)response.Status < 500, said);
        if (problems.Count == 0 && response.Text.Contains("is not a known event type", StringComparison.Ordinal))
        {
            // Any name may be that of a custom event type, which only the app knows.
            return;
        }

        Assert.True(
            problems.Count == 0 == ((int)response.Status != 400),
            problems.Count == 0
                ? $"By {Description.Folder} this is right, and {said}"
                : $"By {Description.Folder} this is wrong ({string.Join("; ", problems)}), and {said}"
        );
    }

    private static IEnumerable<string> Bodies(Operation operation)
    {
        var media = operation.Definition["requestBody"]!["content"]!["application/json"]!;
        var example = (media["example"] ?? media["examples"]!.AsObject().First().Value!["value"])!.AsObject();
        var schema = Description.Resolve(operation.Body!);
        schema = schema["properties"] is null && schema["oneOf"] is { } alternatives ? Description.Resolve(alternatives[0]!) : schema;
        var fields = (schema["properties"]?.AsObject() ?? []).Where(field => !s_said.Contains((operation.Id, field.Key))).ToList();
        var choices = fields
            .SelectMany(field => s_values.Concat(AtBounds(Description.Resolve(field.Value!))).Select(value => (field.Key, Value: value)))
            .ToList();

        yield return example.ToJsonString();
        yield return With(example, ("colour", "\"red\""));
        foreach (var (name, _) in example)
        {
            var without = example.DeepClone().AsObject();
            without.Remove(name);
            yield return without.ToJsonString();
        }

        foreach (var (name, value) in choices)
        {
            yield return With(example, (name, value));
        }

        var random = new Random(operation.Id.Length);
        for (var pair = 0; pair < Pairs && choices.Count > 0; pair++)
        {
            yield return With(example, choices[random.Next(choices.Count)], choices[random.Next(choices.Count)]);
        }
    }

    /// <summary>Values at the bounds of a schema, and one step beyond them.</summary>
    private static IEnumerable<string> AtBounds(JsonObject schema)
    {
        foreach (var alternative in schema["oneOf"]?.AsArray() ?? [])
        {
            foreach (var value in AtBounds(Description.Resolve(alternative!)))
            {
                yield return value;
            }
        }

        foreach (var bound in new[] { "minimum", "maximum" }.Where(schema.ContainsKey).Select(name => (long)schema[name]!))
        {
            yield return $"{bound - 1}";
            yield return $"{bound}";
            yield return $"{bound + 1}";
        }

        var start =
            (string?)schema["pattern"] is { } pattern && pattern.Contains("://", StringComparison.Ordinal) ? "https://example.com/" : "";
        foreach (
            var length in new[] { "minLength", "maxLength" }
                .Where(schema.ContainsKey)
                .SelectMany(name => new[] { (int)schema[name]! - 1, (int)schema[name]!, (int)schema[name]! + 1 })
        )
        {
            yield return JsonSerializer.Serialize(start + new string('x', Math.Max(0, length - start.Length)));
        }

        foreach (var word in schema["enum"]?.AsArray() ?? [])
        {
            yield return word!.ToJsonString();
            yield return word.ToJsonString().ToUpperInvariant();
        }
    }

    private static string With(JsonObject example, params IEnumerable<(string Name, string Value)> changes)
    {
        var body = example.DeepClone().AsObject();
        foreach (var (name, value) in changes)
        {
            body[name] = JsonNode.Parse(value);
        }

        return body.ToJsonString();
    }

    private static string? Shortened(string? body) => body?.Length > 500 ? body[..500] + "…" : body;
}
