using System.Net;
using System.Text;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Binalyze AIR's own event subscription, pointed at the app.</summary>
public sealed class AirScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    /// <summary>As AIR sends it, but for the brace that its documentation has the wrong way round.</summary>
    private const string Request =
        """{ "eventName": "TaskProcessingCompletedEvent", "organizationId": %, "data" : { "taskId": "12345", "taskDetailsUrl": "/#/task-details/12345", "taskType": "Export", "assetId": "67890" } }""";

    private const string Data =
        """{ "taskId": "12345", "taskDetailsUrl": "/#/task-details/12345", "taskType": "Export", "assetId": "67890" }""";

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Event_of_AIR_is_delivered_with_its_data_unchanged(int isOther)
    {
        var organization = isOther == 0 ? new Organization(shared.App.AsAdmin(), 0) : shared.NewOrganization();
        var key = await Keys.Create(shared.App, "publish", organization.Id);
        var hook = shared.Receiver.NewHook();
        await organization.Subscribe(hook, "TaskProcessingCompletedEvent");

        var ids = Ids(await Send(key, Body(organization.Id)));

        var received = await hook.Received(ids.Single());
        Assert.Equal(
            $$"""{"eventName":"TaskProcessingCompletedEvent","organizationId":{{organization.Id}},"data":{{Data}}}""",
            Encoding.UTF8.GetString(received.Body)
        );
    }

    [Fact]
    public async Task Event_is_accepted_when_its_name_or_members_are_not_in_the_catalogue()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        await organization.Subscribe(hook);
        var key = await Keys.Create(shared.App, "publish");
        var body =
            $$$"""[{"eventName":"QuantumTaskEvent","organizationId":{{{organization.Id}}},"data":{"a":1.0},"new":[1]},{"eventName":"CaseClosedEvent","organizationId":{{{organization.Id}}},"data":{}}]""";

        var ids = Ids(await Send(key, body));

        Assert.Equal(
            $$$"""{"eventName":"QuantumTaskEvent","organizationId":{{{organization.Id}}},"data":{"a":1.0}}""",
            Encoding.UTF8.GetString((await hook.Received(ids[0])).Body)
        );
        await hook.Received(ids[1]);
    }

    [Fact]
    public async Task Bound_key_publishes_nothing_when_one_event_is_of_another_organization()
    {
        var (mine, other) = (shared.NewOrganization(), shared.NewOrganization());
        var hook = shared.Receiver.NewHook();
        await mine.Subscribe(hook);
        var key = await Keys.Create(shared.App, "publish", mine.Id);

        var refused = await Send(key, $"[{Body(mine.Id)},{Body(other.Id)}]");
        var accepted = Ids(await Send(key, Body(mine.Id)));

        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains($"bound to an organization other than {other.Id}", refused.Read<ProblemResult>().Detail, StringComparison.Ordinal);
        await hook.Received(accepted.Single());
        Assert.Equal(1, hook.Count);
    }

    [Fact]
    public async Task Event_id_is_taken_from_a_header()
    {
        var organization = shared.NewOrganization();
        var key = await Keys.Create(shared.App, "publish", organization.Id);
        var two = $"[{Body(organization.Id)},{Body(organization.Id)}]";

        Assert.Equal(["air-1"], Ids(await Send(key, Body(organization.Id), ("webhook-id", "air-1"), ("Idempotency-Key", "other"))));
        Assert.Equal(["air-2"], Ids(await Send(key, Body(organization.Id), ("Idempotency-Key", "\"air-2\""))));
        Assert.Equal(["air-3-0", "air-3-1"], Ids(await Send(key, two, ("webhook-id", "air-3"))));

        Assert.Equal(["air-4"], Ids(await Send(key, Body(organization.Id), ("webhook-id", ""), ("Idempotency-Key", "air-4"))));
        var empty = await Send(key, Body(organization.Id), ("Idempotency-Key", "\"\""));
        Assert.Equal(["Idempotency-Key"], empty.Expect(HttpStatusCode.BadRequest).Read<ProblemResult>().Errors!.Keys);

        var hashed = Ids(await Send(key, Body(organization.Id), ("webhook-id", "two words")));
        Assert.Matches("^evt_[0-9a-f]{32}$", hashed.Single());
        Assert.Equal(hashed, Ids(await Send(key, Body(organization.Id), ("webhook-id", "two words"))));
    }

    [Fact]
    public async Task Field_errors_name_the_event_and_the_field()
    {
        var key = await Keys.Create(shared.App, "publish");

        var response = await Send(
            key,
            """[{"eventName":"A\u0000","organizationId":-1,"data":[]},{"organizationId":"1","data":{}},{"eventName":"A","organizationId":1}]"""
        );

        Assert.Equal(
            ["[0].eventName", "[0].organizationId", "[0].data", "[1].eventName", "[1].organizationId", "[2].data"],
            response.Expect(HttpStatusCode.BadRequest).Read<ProblemResult>().Errors!.Keys
        );
    }

    [Fact]
    public async Task Operational_event_is_refused()
    {
        var key = await Keys.Create(shared.App, "publish");

        var response = await Send(key, """{"eventName":"SubscriptionFailingEvent","organizationId":1,"data":{}}""");

        Assert.Equal(["eventName"], response.Expect(HttpStatusCode.BadRequest).Read<ProblemResult>().Errors!.Keys);
    }

    private static string Body(int organization) => Request.Replace("%", $"{organization}", StringComparison.Ordinal);

    private static IReadOnlyList<string> Ids(ApiResponse response) => response.Expect(HttpStatusCode.Accepted).Read<PublishResult>().Ids;

    /// <summary>AIR sends its token as a bearer token.</summary>
    private Task<ApiResponse> Send(string key, string body, params (string Name, string Value)[] headers) =>
        shared
            .App.As(null)
            .Send(
                HttpMethod.Post,
                "/api/events",
                Encoding.UTF8.GetBytes(body),
                "application/json",
                ifMatch: null,
                [("Authorization", $"Bearer {key}"), .. headers]
            );
}
