using System.Text;
using System.Text.Json;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Tests.Events.Catalogue;

public sealed class EventCatalogueTests
{
    private static readonly EventCatalogue s_catalogue = EventCatalogue.Load();

    private static readonly string[] s_air =
    [
        "AirVersionAvailableEvent",
        "AssetCreatedEvent",
        "CaseArchivedEvent",
        "CaseClosedEvent",
        "CaseCreatedEvent",
        "CaseFileSavedEvent",
        "DeploymentTokenRegeneratedEvent",
        "DroneFileSavedEvent",
        "EndpointDeletedEvent",
        "EndpointIsolationStatusUpdatedEvent",
        "EndpointRegisteredEvent",
        "EndpointUninstalledEvent",
        "OrganizationCreatedEvent",
        "OrganizationDeletedEvent",
        "OrganizationUpdatedEvent",
        "RelayServerRegisteredEvent",
        "RelayServerRemovedEvent",
        "TaskAssignedToEndpointEvent",
        "TaskAssignmentCancelledEvent",
        "TaskAssignmentDeletedEvent",
        "TaskCancelledEvent",
        "TaskCompletedEvent",
        "TaskDeletedEvent",
        "TaskProcessingCompletedEvent",
        "TaskProcessingFailedEvent",
        "TaskScheduledForEndpointEvent",
        "TasksHaveBeenTakenByEndpointEvent",
        "TriageRuleMatchedEvent",
    ];

    private static readonly string[] s_relay =
    [
        "RelayAlertAcknowledgedEvent",
        "RelayAlertEndedEvent",
        "RelayAlertStartedEvent",
        "RelayAlertTimedOutEvent",
        "RelayEventReceivedEvent",
    ];

    public static TheoryData<string> Names => [.. s_catalogue.All.Select(type => type.Name.ToString())];

    public static TheoryData<string> Fixtures =>
        [.. Directory.GetFiles(FixtureFolder, "*.json").Select(path => Path.GetFileNameWithoutExtension(path)!)];

    private static string FixtureFolder => Path.Combine(AppContext.BaseDirectory, "Fixtures", "events");

    [Fact]
    public void Catalogue_has_every_event_of_the_two_specifications()
    {
        Assert.Equal(28, s_air.Length);
        Assert.Equal(s_air, s_catalogue.All.Where(type => type.Source == "air").Select(type => type.Name.ToString()));
        Assert.Equal(s_relay, s_catalogue.All.Where(type => type.Source == "relay").Select(type => type.Name.ToString()));
    }

    [Fact]
    public void Catalogue_has_every_operational_event()
    {
        Assert.Equal(
            OperationalEvents.Names.Order(StringComparer.Ordinal),
            s_catalogue.All.Where(type => type.Source == "system").Select(type => type.Name.ToString())
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Example_payload_is_the_fixture_byte_for_byte(string name)
    {
        var expected = File.ReadAllBytes(Path.Combine(FixtureFolder, name + ".json"));

        var payload = TypeOf(name).ExamplePayload(Organization(1));

        Assert.Equal(Encoding.UTF8.GetString(expected), Encoding.UTF8.GetString(payload.Span));
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Fixture_satisfies_the_parameters_of_its_event(string name)
    {
        using var payload = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(FixtureFolder, name + ".json")));
        var data = payload.RootElement.GetProperty("data");

        Assert.Empty(TypeOf(name).Check(data));
        Assert.Equal(TypeOf(name).Parameters.Select(parameter => parameter.Name), data.EnumerateObject().Select(member => member.Name));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Document_describes_the_event_and_every_parameter(string name)
    {
        using var document = JsonDocument.Parse(TypeOf(name).Document);
        var root = document.RootElement;

        Assert.Equal(
            ["name", "source", "category", "description", "parameters", "example", "schema"],
            root.EnumerateObject().Select(member => member.Name)
        );
        Assert.Equal(name, root.GetProperty("name").GetString());
        Assert.All(
            root.GetProperty("parameters").EnumerateArray(),
            parameter => Assert.NotEqual("", parameter.GetProperty("description").GetString())
        );
        Assert.Equal(1, root.GetProperty("example").GetProperty("organizationId").GetInt32());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Schema_names_every_parameter_and_requires_those_that_may_not_be_null(string name)
    {
        using var document = JsonDocument.Parse(TypeOf(name).Document);
        var schema = document.RootElement.GetProperty("schema");
        var data = schema.GetProperty("properties").GetProperty("data");

        Assert.Equal("https://json-schema.org/draft/2020-12/schema", schema.GetProperty("$schema").GetString());
        Assert.Equal(name, schema.GetProperty("properties").GetProperty("eventName").GetProperty("const").GetString());
        Assert.Equal(["eventName", "organizationId", "data"], Texts(schema.GetProperty("required")));
        Assert.Equal(
            TypeOf(name).Parameters.Select(parameter => parameter.Name),
            data.GetProperty("properties").EnumerateObject().Select(member => member.Name)
        );
        Assert.Equal(
            TypeOf(name).Parameters.Where(parameter => !parameter.Type.AllowsNull).Select(parameter => parameter.Name),
            Texts(data.GetProperty("required"))
        );
    }

    [Fact]
    public void Schema_has_arrays_and_nulls_as_JSON_Schema_requires()
    {
        using var tasks = JsonDocument.Parse(TypeOf("TasksHaveBeenTakenByEndpointEvent").Document);
        using var relay = JsonDocument.Parse(TypeOf("RelayEventReceivedEvent").Document);

        var names = tasks
            .RootElement.GetProperty("schema")
            .GetProperty("properties")
            .GetProperty("data")
            .GetProperty("properties")
            .GetProperty("taskNames");
        var task = relay
            .RootElement.GetProperty("schema")
            .GetProperty("properties")
            .GetProperty("data")
            .GetProperty("properties")
            .GetProperty("taskType");

        Assert.Equal("""{"type":"array","items":{"type":"string"},"description":"The names of those tasks."}""", names.GetRawText());
        Assert.Equal("""["null","object"]""", task.GetProperty("type").GetRawText());
    }

    [Fact]
    public void Validation_reports_missing_and_mistyped_parameters_and_accepts_extra_ones()
    {
        using var data = JsonDocument.Parse("""{"endpointId":7,"taskNames":["a",1],"extra":true}""");

        Assert.Equal(
            [("endpointId", "must be a string"), ("taskCount", "is required"), ("taskNames", "must be an array of strings")],
            TypeOf("TasksHaveBeenTakenByEndpointEvent").Check(data.RootElement)
        );
    }

    [Fact]
    public void Validation_accepts_nullable_parameters_that_are_null_or_absent()
    {
        using var data = JsonDocument.Parse("""{"relayEventId":"1","subscriberId":"2","timestamp":"3","taskId":null,"content":7}""");

        Assert.Equal([("content", "must be a string or null")], TypeOf("RelayEventReceivedEvent").Check(data.RootElement));
    }

    [Theory]
    [InlineData("TaskCompletedEvnt", "TaskCompletedEvent")]
    [InlineData("taskcompletedevent", "TaskCompletedEvent")]
    [InlineData("CaseClosed", "CaseClosedEvent")]
    [InlineData("OrganisationCreatedEvent", "OrganizationCreatedEvent")]
    [InlineData("SomethingElse", null)]
    [InlineData("Event", null)]
    [InlineData("", null)]
    public void Nearest_name_is_found_when_it_is_similar(string name, string? nearest) => Assert.Equal(nearest, s_catalogue.Nearest(name));

    [Fact]
    public void Nearest_name_is_not_searched_for_an_overlong_name() => Assert.Null(s_catalogue.Nearest(new string('E', 257)));

    [Fact]
    public void Names_are_case_sensitive()
    {
        Assert.True(s_catalogue.Contains("CaseClosedEvent"));
        Assert.False(s_catalogue.Contains("caseClosedEvent"));
        Assert.False(s_catalogue.TryGet("CASECLOSEDEVENT", out _));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"name":"A","source":"air","category":"C","description":"D","parameters":[]}""")]
    [InlineData("""{"name":"B","source":"air","category":"C","description":"D","parameters":[],"example":{}}""")]
    [InlineData("""{"name":"A","source":"fax","category":"C","description":"D","parameters":[],"example":{}}""")]
    [InlineData("""{"name":"A","source":"air","category":"","description":"D","parameters":[],"example":{}}""")]
    [InlineData("""{"name":"A","source":"air","category":"C","description":"D","parameters":[],"example":{},"more":1}""")]
    [InlineData("""{"name":"A","source":"air","category":"C","description":"D","parameters":[],"example":[]}""")]
    [InlineData(
        """{"name":"A","source":"air","category":"C","description":"D","parameters":[{"name":"p","type":"text","description":"d"}],"example":{"p":""}}"""
    )]
    [InlineData(
        """{"name":"A","source":"air","category":"C","description":"D","parameters":[{"name":"p","type":"string","description":"d"}],"example":{"p":1}}"""
    )]
    [InlineData(
        """{"name":"A","source":"air","category":"C","description":"D","parameters":[{"name":"p","type":"string","description":"d"},{"name":"p","type":"string","description":"d"}],"example":{"p":""}}"""
    )]
    public void Reading_fails_with_the_name_of_the_file_when_it_is_malformed(string content)
    {
        var exception = Assert.Throws<InvalidDataException>(() => EventCatalogue.Read([("A.json", Encoding.UTF8.GetBytes(content))]));

        Assert.Contains("A.json", exception.Message, StringComparison.Ordinal);
    }

    private static EventType TypeOf(string name) =>
        s_catalogue.TryGet(name, out var type) ? type : throw new ArgumentException(name, nameof(name));

    private static OrganizationId Organization(int value) =>
        OrganizationId.TryFrom(value, out var id) ? id : throw new ArgumentOutOfRangeException(nameof(value));

    private static IEnumerable<string> Texts(JsonElement array) => array.EnumerateArray().Select(element => element.GetString()!);
}
