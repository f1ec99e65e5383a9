using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using EventSubscriptions.Destinations;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.OpenApi;
using EventSubscriptions.Queues;
using EventSubscriptions.Relay;
using EventSubscriptions.Replays;

namespace EventSubscriptions.Tests.OpenApi;

/// <summary>The schemas of the description are the records that the app writes, and their words are the code's.</summary>
public sealed class OpenApiSchemaTests
{
    /// <summary>Types that are read or written as JSON but are not responses.</summary>
    private static readonly HashSet<Type> s_noAnswers = [typeof(CatalogueFile), typeof(CatalogueParameter)];

    [Fact]
    public void Every_response_type_has_a_schema()
    {
        var described = ResponseSchemas.Types.ToHashSet();

        Assert.All(
            Written().Keys.Where(type => !s_noAnswers.Contains(type)),
            type => Assert.True(described.Contains(type), $"{type} is written as JSON. Add it to {nameof(ResponseSchemas)}.")
        );
    }

    public static TheoryData<string, string[]> Words =>
        new()
        {
            {
                "EventType/properties/source",
                [.. EventCatalogue.Load().All.Select(type => type.Source).Distinct(StringComparer.Ordinal), EventTypeFields.Source]
            },
            { "SubscriptionHealth/properties/state", ["healthy", "failing", "deactivated"] },
        };

    [Theory]
    [MemberData(nameof(Words))]
    public void Schema_lists_the_enum_members_of_the_code(string schema, string[] words) =>
        Same(words, Description.Words(new JsonObject { ["$ref"] = $"#/components/schemas/{schema}" }), $"the enum of the schema {schema}");

    [Fact]
    public void Schema_names_the_kinds_of_audited_errors_of_the_code()
    {
        string[] kinds =
        [
            .. EnumNames<ErrorKind>.All,
            .. Enum.GetNames<DeadLetterReason>(),
            .. Constants(typeof(ReplayFailure)),
            "gone",
            "failing",
            .. EnumNames<RelayErrorKind>.All,
            .. Constants(typeof(RelayAudit)),
        ];

        Same(
            kinds,
            Description.Schemas["AuditError"]!["properties"]!["kind"]!["examples"]!.AsArray().Select(kind => (string)kind!),
            "the examples of the schema AuditError/properties/kind"
        );
    }

    [Fact]
    public void Part_that_describes_an_unknown_property_is_refused()
    {
        var part = JsonNode.Parse("""{"properties":{"nmae":{"description":"Its name."}}}""")!.AsObject();

        var error = Assert.Throws<InvalidDataException>(() => OpenApiDocument.Combine(Schema(), part, "Thing"));

        Assert.Equal("Thing has no property nmae, but a part describes it.", error.Message);
    }

    [Fact]
    public void Part_that_repeats_the_code_is_refused()
    {
        var part = JsonNode.Parse("""{"properties":{"name":{"type":"string"}}}""")!.AsObject();

        var error = Assert.Throws<InvalidDataException>(() => OpenApiDocument.Combine(Schema(), part, "Thing"));

        Assert.Equal("Thing/name/type is known from the code. Remove it from the part.", error.Message);
    }

    [Fact]
    public void Part_adds_bounds_and_descriptions()
    {
        var part = JsonNode.Parse("""{"description":"A thing.","properties":{"name":{"maxLength":8}}}""")!.AsObject();

        var combined = OpenApiDocument.Combine(Schema(), part, "Thing");

        Assert.Equal(
            """{"type":"object","properties":{"name":{"type":"string","maxLength":8}},"description":"A thing."}""",
            combined.ToJsonString()
        );
    }

    private static JsonObject Schema() => JsonNode.Parse("""{"type":"object","properties":{"name":{"type":"string"}}}""")!.AsObject();

    /// <summary>Every object that a serializer of the app writes, and those within it.</summary>
    private static Dictionary<Type, JsonTypeInfo> Written()
    {
        var found = new Dictionary<Type, JsonTypeInfo>();
        foreach (
            var serializer in typeof(OpenApiDocument).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(JsonSerializerContext)))
        )
        {
            var context = (JsonSerializerContext)
                serializer.GetProperty("Default", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
            foreach (
                var root in serializer
                    .GetCustomAttributesData()
                    .Where(attribute => attribute.AttributeType == typeof(JsonSerializableAttribute))
            )
            {
                Add((Type)root.ConstructorArguments[0].Value!, context);
            }
        }

        return found;

        void Add(Type type, JsonSerializerContext context)
        {
            if (context.GetTypeInfo(type) is not { } info)
            {
                return;
            }

            if (info.ElementType is { } element)
            {
                Add(element, context);
            }
            else if (info.Kind == JsonTypeInfoKind.Object && type != typeof(JsonElement) && found.TryAdd(type, info))
            {
                foreach (var property in info.Properties)
                {
                    Add(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, context);
                }
            }
        }
    }

    private static string[] Constants(Type type) =>
        [
            .. type.GetFields(BindingFlags.Public | BindingFlags.Static)
                .Where(field => field.IsLiteral)
                .Select(field => (string)field.GetRawConstantValue()!),
        ];

    private static void Same(IEnumerable<string> written, IEnumerable<string> described, string what) =>
        Assert.True(
            written.ToHashSet(StringComparer.Ordinal).SetEquals(described),
            $"""
            {what} in {Description.Folder} are not those of the code.
            Missing there: {string.Join(", ", written.Except(described, StringComparer.Ordinal))}
            Not in the code: {string.Join(", ", described.Except(written, StringComparer.Ordinal))}
            """
        );
}
