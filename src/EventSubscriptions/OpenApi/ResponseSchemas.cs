using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using EventSubscriptions.Access;
using EventSubscriptions.Audit;
using EventSubscriptions.Deliveries.Log;
using EventSubscriptions.Deliveries.Outcome;
using EventSubscriptions.Deliveries.Overview;
using EventSubscriptions.Deliveries.Statistics;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Api;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Health;
using EventSubscriptions.Http;
using EventSubscriptions.Replays;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Subscriptions.Filters;
using EventSubscriptions.Subscriptions.Formats;

namespace EventSubscriptions.OpenApi;

/// <summary>
/// The schemas of responses as the serializer writes them: properties, types, which of them are always present, and the names of enums.
/// Descriptions, bounds and examples are in <c>Parts</c>.
/// </summary>
internal static class ResponseSchemas
{
    private static readonly (string Name, JsonTypeInfo Type)[] s_objects =
    [
        ("Problem", HttpJson.Default.ProblemDetail),
        ("SubscriptionReference", HttpJson.Default.SubscriptionReference),
        ("PublishedEvents", PublishJson.Default.PublishResponse),
        ("EventSummary", EventsJson.Default.EventSummary),
        ("EventPage", EventsJson.Default.ListPageEventSummary),
        ("Event", EventsJson.Default.EventResponse),
        ("EventDelivery", EventsJson.Default.EventDelivery),
        ("DeliveryWait", EventsJson.Default.DeliveryWait),
        ("PayloadRemoved", EventsJson.Default.PayloadRemovedResponse),
        ("Subscription", SubscriptionJson.Default.SubscriptionResponse),
        ("SubscriptionAuthentication", SubscriptionJson.Default.AuthenticationResponse),
        ("SubscriptionFormat", SubscriptionJson.Default.FormatResponse),
        ("SubscriptionClientCertificate", SubscriptionJson.Default.ClientCertificateDetails),
        ("SubscriptionHealth", SubscriptionJson.Default.SubscriptionHealthResponse),
        ("SubscriptionPage", SubscriptionJson.Default.ListPageSubscriptionResponse),
        ("RotatedSecret", SubscriptionJson.Default.RotatedSecretResponse),
        ("FilterTest", FilterTestJson.Default.FilterTestResponse),
        ("FilterTestExample", FilterTestJson.Default.FilterTestExample),
        ("Preview", PreviewJson.Default.PreviewResponse),
        ("Attempt", DeliveriesJson.Default.DeliveryAttempt),
        ("DeliveryError", DeliveriesJson.Default.DeliveryError),
        ("AttemptPage", DeliveriesJson.Default.ListPageDeliveryAttempt),
        ("EventDeliveries", DeliveriesJson.Default.EventDeliveries),
        ("TestAttempt", DeliveriesJson.Default.TestAttempt),
        ("Resend", DeliveriesJson.Default.ResendResponse),
        ("Organization", OverviewJson.Default.OrganizationResponse),
        ("OrganizationPage", OverviewJson.Default.OrganizationsResponse),
        ("SubscriptionCounts", OverviewJson.Default.SubscriptionCounts),
        ("Statistics", StatisticsJson.Default.StatisticsResponse),
        ("StatisticsTotal", StatisticsJson.Default.StatisticsTotal),
        ("StatisticsPeriod", StatisticsJson.Default.StatisticsPeriod),
        ("Replay", ReplayJson.Default.ReplayResponse),
        ("ReplayPage", ReplayJson.Default.ListPageReplayResponse),
        ("AuditEntry", AuditJson.Default.AuditEntryResponse),
        ("AuditError", AuditJson.Default.AuditError),
        ("AuditEntryPage", AuditJson.Default.ListPageAuditEntryResponse),
        ("Key", ApiKeyJson.Default.ApiKeyResponse),
        ("KeyPage", ApiKeyJson.Default.ListPageApiKeyResponse),
        ("Health", HealthJson.Default.HealthResponse),
        ("Caller", HealthJson.Default.CallerResponse),
        ("RelaySubscriber", HealthJson.Default.RelayHealthResponse),
    ];

    private static readonly (string Name, Type Type, IReadOnlyList<string> Members)[] s_enums =
    [
        ("Role", typeof(Role), EnumNames<Role>.All),
        ("Outcome", typeof(DeliveryOutcome), EnumNames<DeliveryOutcome>.All),
        ("AuthenticationType", typeof(AuthenticationType), EnumNames<AuthenticationType>.All),
        ("ClientAuthentication", typeof(ClientAuthentication), EnumNames<ClientAuthentication>.All),
        ("FormatType", typeof(FormatType), EnumNames<FormatType>.All),
        ("SubscriptionState", typeof(SubscriptionState), EnumNames<SubscriptionState>.All),
        ("EventSource", typeof(EventSource), EnumNames<EventSource>.All),
        ("WaitReason", typeof(WaitReason), EnumNames<WaitReason>.All),
        ("StatisticsInterval", typeof(StatisticsInterval), EnumNames<StatisticsInterval>.All),
        ("ReplaySelection", typeof(ReplaySelection), EnumNames<ReplaySelection>.All),
        ("AuditType", typeof(AuditType), EnumNames<AuditType>.All),
    ];

    private static readonly Dictionary<Type, string> s_names = s_objects
        .Select(item => KeyValuePair.Create(item.Type.Type, item.Name))
        .Concat(s_enums.Select(item => KeyValuePair.Create(item.Type, item.Name)))
        .Append(KeyValuePair.Create(typeof(DateTimeOffset), "Time"))
        .ToDictionary(pair => pair.Key, pair => pair.Value);

    private static readonly JsonSchemaExporterOptions s_options = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = Transform,
    };

    /// <summary>The types that have a schema.</summary>
    public static IEnumerable<Type> Types => s_objects.Select(item => item.Type.Type);

    /// <summary>Creates all schemas, by name.</summary>
    public static JsonObject Create() =>
        new([
            .. s_objects.Select(item => KeyValuePair.Create<string, JsonNode?>(item.Name, item.Type.GetJsonSchemaAsNode(s_options))),
            .. s_enums.Select(item => KeyValuePair.Create<string, JsonNode?>(item.Name, new JsonObject { ["enum"] = Array(item.Members) })),
        ]);

    private static JsonObject Transform(JsonSchemaExporterContext context, JsonNode node)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        var isNullable = context.PropertyInfo is { IsGetNullable: true } property && IsAlwaysWritten(property);
        if (context.PropertyInfo?.Name == "continuationToken")
        {
            return Reference("NextPage");
        }

        if (!context.Path.IsEmpty && s_names.TryGetValue(type, out var name) && !isNullable)
        {
            return Reference(name);
        }

        if (type == typeof(DateTimeOffset))
        {
            return new JsonObject { ["type"] = new JsonArray("string", "null"), ["format"] = "date-time" };
        }

        if (node is not JsonObject schema)
        {
            return new JsonObject();
        }

        schema.Remove("default");
        if (!isNullable && schema["type"] is JsonArray types)
        {
            schema["type"] = (string?)types[0];
        }

        if (context.TypeInfo.Kind == JsonTypeInfoKind.Object)
        {
            Describe(schema, context.TypeInfo);
        }

        return schema;
    }

    /// <summary>Adds which properties are always written, and leaves those of a base type to its schema.</summary>
    private static void Describe(JsonObject schema, JsonTypeInfo type)
    {
        var properties = type.Properties.ToList();
        if (type.Type.BaseType is { } parent && s_names.TryGetValue(parent, out var name))
        {
            schema["allOf"] = new JsonArray(Reference(name));
            foreach (var inherited in properties.Where(property => property.DeclaringType != type.Type))
            {
                schema["properties"]!.AsObject().Remove(inherited.Name);
            }

            properties.RemoveAll(property => property.DeclaringType != type.Type);
        }

        schema["required"] = Array(properties.Where(property => IsAlwaysWritten(property)).Select(property => property.Name));
    }

    private static bool IsAlwaysWritten(JsonPropertyInfo property) =>
        !property.IsGetNullable
        || property
            .AttributeProvider!.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: false)
            .Any(attribute => ((JsonIgnoreAttribute)attribute).Condition == JsonIgnoreCondition.Never);

    private static JsonObject Reference(string schema) => new() { ["$ref"] = $"#/components/schemas/{schema}" };

    private static JsonArray Array(IEnumerable<string> items) => new([.. items.Select(item => JsonValue.Create(item))]);
}
