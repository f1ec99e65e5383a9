using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>What a producer outside of the app may put on the queue <c>events</c>.</summary>
public sealed class PoisonMessageScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Message_that_is_not_JSON_ends_in_the_audit_log_of_the_system()
    {
        var entry = await DeadLetteredWithoutOrganization("this is not JSON");

        Assert.Equal("MalformedEvent", (string)entry["error"]!["kind"]!);
    }

    [Fact]
    public async Task Message_without_an_organization_ends_in_the_audit_log_of_the_system()
    {
        var entry = await DeadLetteredWithoutOrganization("""{"eventName":"CaseArchivedEvent","data":{"id":"1","name":"n"}}""");

        Assert.Equal("MalformedEvent", (string)entry["error"]!["kind"]!);
        Assert.Contains("organizationId", (string)entry["error"]!["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Message_without_a_name_ends_in_the_audit_log_of_its_organization()
    {
        var entry = await DeadLettered(organization => $$$"""{"organizationId":{{{organization}}},"data":{}}""");

        Assert.Equal("MalformedEvent", (string)entry["error"]!["kind"]!);
        Assert.Contains("eventName", (string)entry["error"]!["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Message_of_300_KB_ends_in_the_audit_log_of_its_organization()
    {
        var entry = await DeadLettered(organization =>
            $$$"""{"eventName":"CaseArchivedEvent","organizationId":{{{organization}}},"data":{"id":"1","name":"{{{new string('x', 300_000)}}}"}}"""
        );

        Assert.Equal("PayloadTooLarge", (string)entry["error"]!["kind"]!);
    }

    [Fact]
    public async Task Message_of_an_outside_producer_is_delivered_as_it_came()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        await organization.Subscribe(hook);
        var body =
            $$$"""{"eventName":"SomethingNewerThanTheCatalogueEvent","organizationId":{{{organization.Id}}},"data":{"any":[1,2,3]}}""";

        await Put(body, "producer-1");

        Assert.Equal(body, Encoding.UTF8.GetString((await hook.Received("producer-1")).Body));
    }

    private async Task<JsonNode> DeadLettered(Func<int, string> body)
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        await organization.Subscribe(hook);

        await Put(body(organization.Id));
        var entry = Assert.Single(await organization.Audited("event.deadLettered", 1));

        await hook.Received(await organization.PublishCase());
        Assert.Equal(1, hook.Count);
        return entry;
    }

    private async Task<JsonNode> DeadLetteredWithoutOrganization(string body)
    {
        var messageId = "poison-" + Guid.NewGuid().ToString("N");
        await Put(body, messageId);

        var entries = await Eventually.Get(
            async () =>
                (await shared.App.AsAdmin().GetAll("/api/audit-logs?type=event.deadLettered"))
                    .Where(entry => (string?)entry["eventId"] == messageId)
                    .ToList(),
            found => found.Count > 0,
            _ => "an audit entry for " + messageId
        );

        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        await organization.Subscribe(hook);
        await hook.Received(await organization.PublishCase());
        return Assert.Single(entries);
    }

    private async Task Put(string body, string? messageId = null) =>
        (await shared.App.AsAdmin().PutOnQueue("events", Encoding.UTF8.GetBytes(body), messageId)).Expect(HttpStatusCode.Created);
}
