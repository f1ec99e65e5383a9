using System.Text;
using System.Text.Json;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Tests.Events.Publishing;

public sealed class PublishRequestTests
{
    private const string Valid = """{"eventName":"CaseArchivedEvent","data":{"id":"1","name":"n"}}""";

    private static readonly EventCatalogue s_catalogue = EventCatalogue.Load();

    private readonly FieldErrors _errors = new();

    public static TheoryData<string> Names => [.. s_catalogue.All.Select(type => type.Name.ToString()).Except(OperationalEvents.Names)];

    public static TheoryData<string> OperationalNames => [.. OperationalEvents.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_example_can_be_published_and_becomes_its_payload(string name)
    {
        Assert.True(s_catalogue.TryGet(name, out var type));

        var published = Assert.Single(Read($$"""{"eventName":"{{name}}","data":{{type.ExampleData.GetRawText()}}}"""));

        Assert.False(_errors.Any);
        Assert.Equal(type.ExamplePayload(Organization).ToArray(), published.Payload.ToArray());
    }

    [Theory]
    [MemberData(nameof(OperationalNames))]
    public void Operational_event_is_refused(string name)
    {
        Assert.True(s_catalogue.TryGet(name, out var type));

        Assert.Empty(Read($$"""{"eventName":"{{name}}","data":{{type.ExampleData.GetRawText()}}}"""));

        Assert.Equal(OperationalEvents.Reserved, Assert.Single(_errors.ByField()["eventName"]));
    }

    [Fact]
    public void Data_is_published_byte_for_byte_with_members_that_the_catalogue_does_not_know()
    {
        var published = Assert.Single(
            Read("""{"data" : { "name":"\u00e9é", "id":"1" ,"more":[1.50, {}] }, "eventName":"CaseArchivedEvent"}""")
        );

        Assert.Equal(
            """{"eventName":"CaseArchivedEvent","organizationId":7,"data":{ "name":"\u00e9é", "id":"1" ,"more":[1.50, {}] }}""",
            Encoding.UTF8.GetString(published.Payload.Span)
        );
    }

    [Theory]
    [InlineData("7", null)]
    [InlineData("7.0", null)]
    [InlineData("null", null)]
    [InlineData("8", "organizationId: must be 7, the organization of the path, or absent")]
    [InlineData("\"7\"", "organizationId: must be a whole number from 0 to 2147483647")]
    public void Organization_may_be_repeated(string organization, string? error)
    {
        var published = Read(Valid[..^1] + $",\"organizationId\":{organization}}}");

        Assert.Equal(error, Errors().SingleOrDefault());
        Assert.True(error is not null || published.Count == 1);
    }

    [Fact]
    public void Id_is_generated_when_none_is_given()
    {
        var published = Read($"[{Valid},{Identified("my-id_1")}]");

        Assert.Matches("^evt_[0-9a-v]{26}$", published[0].Id.ToString());
        Assert.Equal("my-id_1", published[1].Id.ToString());
    }

    [Theory]
    [InlineData("key")]
    [InlineData("\"key\"")]
    public void Idempotency_key_is_the_id_of_a_single_event(string key) =>
        Assert.Equal("key", Assert.Single(Read(Valid, key)).Id.ToString());

    [Fact]
    public void Idempotency_key_and_index_are_the_ids_of_several_events()
    {
        var published = Read($"[{Valid},{Identified("own")},{Valid}]", "key");

        Assert.Equal(["key-0", "own", "key-2"], published.Select(item => item.Id.ToString()));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("sys_sub_1_1_failing")]
    [InlineData("")]
    [InlineData("\"")]
    [InlineData("\"\"")]
    [InlineData("\"a\"b\"")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public void Idempotency_key_has_the_form_of_an_id(string key)
    {
        Read(Valid, key);

        Assert.Equal(["Idempotency-Key: must be 1 to 64 characters of A–Z, a–z, 0–9, _ and -, and not start with sys_"], Errors());
    }

    [Fact]
    public void Idempotency_key_leaves_room_for_the_index()
    {
        Read($"[{Valid}]", new string('k', 63));

        Assert.Equal(["[0].id: is longer than 64 characters with this Idempotency-Key"], Errors());
    }

    [Fact]
    public void Field_errors_of_all_events_are_listed_with_their_index()
    {
        var published = Read(
            """
            [
              {"eventName":"TaskCompletedEvnt","data":{}},
              {"eventName":"TaskProcessingFailedEvent","data":{"taskId":1,"taskDetailsUrl":"u","taskType":null}},
              {"eventName":"CaseArchivedEvent","data":{"id":"1","name":"n"},"colour":7},
              {"id":"a b","eventName":7,"data":[]},
              {},
              "text",
              {"id":"same","eventName":"CaseArchivedEvent","data":{"id":"1","name":"n"}},
              {"id":"same","eventName":"CaseArchivedEvent","data":{"id":"1","name":"n"}}
            ]
            """
        );

        Assert.Equal(
            [
                "[0].eventName: is not a known event type; did you mean 'TaskCompletedEvent'?",
                "[1].data.taskId: must be a string",
                "[1].data.taskType: must be a string",
                "[1].data.assetId: is required",
                "[2].colour: is unknown; expected one of id, eventName, data, organizationId",
                "[3].id: must be 1 to 64 characters of A–Z, a–z, 0–9, _ and -, and not start with sys_",
                "[3].eventName: must be a string",
                "[3].data: must be an object",
                "[4].eventName: is required",
                "[4].data: is required",
                "[5]: must be an object",
                "[7].id: is repeated in this request",
            ],
            Errors()
        );
    }

    [Theory]
    [InlineData("[]", "body: must have 1 to 1000 events")]
    [InlineData("7", "body: must be an object")]
    [InlineData("null", "body: must be an object")]
    public void Body_is_one_event_or_an_array(string body, string error)
    {
        Assert.Empty(Read(body));
        Assert.Equal([error], Errors());
    }

    [Fact]
    public void Request_has_at_most_a_thousand_events()
    {
        Assert.Equal(1000, Read($"[{string.Join(',', Enumerable.Repeat(Valid, 1000))}]").Count);
        Assert.False(_errors.Any);

        Read($"[{string.Join(',', Enumerable.Repeat(Valid, 1001))}]");
        Assert.Equal(["body: must have 1 to 1000 events"], Errors());
    }

    [Fact]
    public void Payload_is_at_most_192_KiB()
    {
        const int Rest = 80;
        string Body(int length) => $$$"""{"eventName":"CaseArchivedEvent","data":{"id":"1","name":"{{{new string('n', length)}}}"}}""";

        Assert.Equal(EventPayload.MaxBytes, Assert.Single(Read(Body(EventPayload.MaxBytes - Rest))).Payload.Length);

        Assert.Empty(Read(Body(EventPayload.MaxBytes - Rest + 1)));
        Assert.Equal(["data: results in a payload of 196609 bytes; at most 196608 are allowed"], Errors());
    }

    private static OrganizationId Organization => OrganizationId.TryFrom(7, out var id) ? id : default;

    private static string Identified(string id) => $$$"""{"eventName":"CaseArchivedEvent","id":"{{{id}}}","data":{"id":"1","name":"n"}}""";

    private IReadOnlyList<PublishedEvent> Read(string body, string? idempotencyKey = null) =>
        new PublishRequest(s_catalogue, new TestClock(DateTimeOffset.UnixEpoch)).Read(
            JsonElement.Parse(body),
            Organization,
            idempotencyKey,
            _errors
        );

    private IEnumerable<string> Errors() => _errors.ByField().SelectMany(pair => pair.Value.Select(message => $"{pair.Key}: {message}"));
}
