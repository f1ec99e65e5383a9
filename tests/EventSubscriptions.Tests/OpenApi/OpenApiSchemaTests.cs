using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using EventSubscriptions.Access;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Destinations;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Health;
using EventSubscriptions.Http;
using EventSubscriptions.OpenApi;
using EventSubscriptions.Queues;
using EventSubscriptions.Relay;
using EventSubscriptions.Replays;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Tests.OpenApi;

/// <summary>The schemas of the description are the records that the app writes, and their words are the code's.</summary>
public sealed class OpenApiSchemaTests
{
    /// <summary>A record that is an answer, or a part of one, and its schema. Names and types of the members must agree.</summary>
    private static readonly Dictionary<Type, string> s_schemas = new()
    {
        [typeof(ProblemDetail)] = "Problem",
        [typeof(PublishResponse)] = "PublishedEvents",
        [typeof(SubscriptionResponse)] = "Subscription",
        [typeof(SubscriptionHealthResponse)] = "SubscriptionHealth",
        [typeof(ListPage<SubscriptionResponse>)] = "SubscriptionPage",
        [typeof(RotatedSecretResponse)] = "RotatedSecret",
        [typeof(DeliveryAttempt)] = "Attempt",
        [typeof(DeliveryError)] = "DeliveryError",
        [typeof(ListPage<DeliveryAttempt>)] = "AttemptPage",
        [typeof(EventDeliveries)] = "EventDeliveries",
        [typeof(TestAttempt)] = "TestAttempt",
        [typeof(ResendResponse)] = "Resend",
        [typeof(ReplayResponse)] = "Replay",
        [typeof(ListPage<ReplayResponse>)] = "ReplayPage",
        [typeof(AuditEntryResponse)] = "AuditEntry",
        [typeof(AuditError)] = "AuditError",
        [typeof(ListPage<AuditEntryResponse>)] = "AuditEntryPage",
        [typeof(ApiKeyResponse)] = "Key",
        [typeof(ListPage<ApiKeyResponse>)] = "KeyPage",
        [typeof(HealthResponse)] = "Health",
        [typeof(CallerResponse)] = "Caller",
        [typeof(RelayHealthResponse)] = "RelaySubscriber",
    };

    /// <summary>What is read or written as JSON and is no answer.</summary>
    private static readonly HashSet<Type> s_noAnswers = [typeof(CatalogueFile), typeof(CatalogueParameter)];

    private static readonly Dictionary<Type, JsonTypeInfo> s_written = Written();

    public static TheoryData<string> Schemas => [.. s_schemas.Values];

    [Fact]
    public void Every_record_that_is_written_has_a_schema()
    {
        Assert.All(
            s_written.Keys.Where(type => !s_noAnswers.Contains(type)),
            type =>
                Assert.True(
                    s_schemas.ContainsKey(type),
                    $"{type} is written as JSON. Give it a schema in {Description.Folder}, and name that in {nameof(OpenApiSchemaTests)}."
                )
        );
        Assert.All(s_schemas.Keys, type => Assert.True(s_written.ContainsKey(type), $"{type} is not written any more."));
    }

    [Theory]
    [MemberData(nameof(Schemas))]
    public void Schema_has_the_members_that_are_written(string name)
    {
        var info = s_written[s_schemas.Single(pair => pair.Value == name).Key];
        var (described, required) = MembersOf(Description.Schemas[name]!);

        Same(info.Properties.Select(property => property.Name), described.Keys, $"the properties of the schema {name}");
        Same(
            info.Properties.Where(IsAlwaysWritten).Select(property => property.Name),
            required,
            $"the required properties of the schema {name}"
        );
        Assert.All(
            info.Properties,
            property =>
            {
                var schema = Description.Resolve(described[property.Name]);
                var (type, format) = JsonTypeOf(property.PropertyType);
                if (type is not null && schema["oneOf"] is null)
                {
                    Assert.True(type == TypeOf(schema), $"{name}.{property.Name} is written as {type}, and described as {TypeOf(schema)}.");
                    Assert.Equal(format, format is null ? null : (string?)schema["format"]);
                }
            }
        );
    }

    public static TheoryData<string, string[]> Words =>
        new()
        {
            { "Role", [.. EnumNames<Role>.All] },
            { "Outcome", [.. EnumNames<DeliveryOutcome>.All] },
            { "AuditType", [.. EnumNames<AuditType>.All] },
            { "ReplaySelection", [.. EnumNames<ReplaySelection>.All] },
            { "Replay/properties/state", [.. EnumNames<ReplayState>.All] },
            { "DeliveryError/properties/kind", [.. EnumNames<ErrorKind>.All] },
            { "EventName", [.. EventCatalogue.Load().All.Select(type => type.Name.ToString())] },
            { "EventType/properties/source", [.. EventCatalogue.Load().All.Select(type => type.Source).Distinct(StringComparer.Ordinal)] },
            { "SubscriptionHealth/properties/state", ["healthy", "failing", "deactivated"] },
        };

    [Theory]
    [MemberData(nameof(Words))]
    public void Schema_lists_the_words_of_the_code(string schema, string[] words) =>
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
    public void Every_event_has_the_schema_of_the_catalogue()
    {
        Assert.All(
            EventCatalogue.Load().All,
            type =>
            {
                var schema = Description.Schemas[type.Name.ToString()]!;
                Assert.Equal(type.Name.ToString(), (string)schema["properties"]!["eventName"]!["const"]!);
                Same(
                    type.Parameters.Select(parameter => parameter.Name),
                    schema["properties"]!["data"]!["properties"]!.AsObject().Select(property => property.Key),
                    type.Name.ToString()
                );
                Assert.Contains(
                    Description.Schemas["EventPayload"]!["anyOf"]!.AsArray(),
                    item => (string)item!["$ref"]! == $"#/components/schemas/{type.Name}"
                );
                Assert.Contains(
                    Description.Schemas["EventToPublish"]!["oneOf"]!.AsArray(),
                    item => (string)item!["properties"]!["data"]!["$ref"]! == $"#/components/schemas/{type.Name}/properties/data"
                );
            }
        );
    }

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

    private static (Dictionary<string, JsonNode> Properties, IEnumerable<string> Required) MembersOf(JsonNode schema)
    {
        var parts = (schema["allOf"]?.AsArray() ?? []).Select(part => Description.Resolve(part!)).Append(schema.AsObject()).ToList();
        return (
            parts
                .SelectMany(part => part["properties"]?.AsObject() ?? [])
                .ToDictionary(property => property.Key, property => property.Value!, StringComparer.Ordinal),
            parts.SelectMany(part => part["required"]?.AsArray() ?? []).Select(name => (string)name!)
        );
    }

    private static bool IsAlwaysWritten(JsonPropertyInfo property)
    {
        var attributes = property
            .AttributeProvider!.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: false)
            .Cast<JsonIgnoreAttribute>();
        return attributes.Any(attribute => attribute.Condition == JsonIgnoreCondition.Never)
            || (
                property.PropertyType.IsValueType
                    ? Nullable.GetUnderlyingType(property.PropertyType) is null
                    : new NullabilityInfoContext().Create((PropertyInfo)property.AttributeProvider).ReadState == NullabilityState.NotNull
            );
    }

    private static (string? Type, string? Format) JsonTypeOf(Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type) switch
        {
            var known when known == typeof(string) || known.IsEnum => ("string", null),
            var known when known == typeof(int) || known == typeof(long) => ("integer", null),
            var known when known == typeof(bool) => ("boolean", null),
            var known when known == typeof(DateTimeOffset) => ("string", "date-time"),
            var known when known == typeof(JsonElement) => (null, null),
            var known
                when known
                    .GetInterfaces()
                    .Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
                    || known.Name.Contains("Dictionary", StringComparison.Ordinal) => ("object", null),
            var known when known.IsAssignableTo(typeof(System.Collections.IEnumerable)) => ("array", null),
            _ => ("object", null),
        };

    private static string? TypeOf(JsonObject schema) =>
        schema["type"] switch
        {
            // One that may be null, too.
            JsonArray types => (string?)types[0],
            { } type => (string?)type,
            _ => schema["enum"] is not null || schema["const"] is not null ? "string" : null,
        };

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
