using System.Net;
using System.Text;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Messages of external producers on the queue <c>events</c>.</summary>
public sealed class PoisonMessageScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Message_is_in_the_system_audit_log_when_it_is_not_JSON()
    {
        var entry = await DeadLetteredWithoutOrganization("this is not JSON");

        Assert.Equal("MalformedEvent", entry.Error!.Kind);
    }

    [Fact]
    public async Task Message_is_in_the_system_audit_log_when_it_has_no_organization()
    {
        var entry = await DeadLetteredWithoutOrganization("""{"eventName":"CaseArchivedEvent","data":{"id":"1","name":"n"}}""");

        Assert.Equal("MalformedEvent", entry.Error!.Kind);
        Assert.Contains("organizationId", entry.Error!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Message_is_in_the_audit_log_of_its_organization_when_it_has_no_event_type()
    {
        var entry = await DeadLettered(organization => $$$"""{"organizationId":{{{organization}}},"data":{}}""");

        Assert.Equal("MalformedEvent", entry.Error!.Kind);
        Assert.Contains("eventName", entry.Error!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Message_is_in_the_audit_log_of_its_organization_when_it_is_too_large()
    {
        var entry = await DeadLettered(organization =>
            $$$"""{"eventName":"CaseArchivedEvent","organizationId":{{{organization}}},"data":{"id":"1","name":"{{{new string('x', 300_000)}}}"}}"""
        );

        Assert.Equal("PayloadTooLarge", entry.Error!.Kind);
    }

    [Fact]
    public async Task Message_is_in_the_audit_log_of_its_organization_when_it_has_the_name_of_an_operational_event()
    {
        var entry = await DeadLettered(organization =>
            $$$"""{"eventName":"SubscriptionFailingEvent","organizationId":{{{organization}}},"data":{}}"""
        );

        Assert.Equal(("ReservedName", "SubscriptionFailingEvent"), (entry.Error!.Kind, entry.EventName));
    }

    [Fact]
    public async Task Message_of_an_external_producer_is_delivered_unchanged()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        await organization.Subscribe(hook);
        var body =
            $$$"""{"eventName":"SomethingNewerThanTheCatalogueEvent","organizationId":{{{organization.Id}}},"data":{"any":[1,2,3]}}""";

        await Put(body, "producer-1");

        Assert.Equal(body, Encoding.UTF8.GetString((await hook.Received("producer-1")).Body));
    }

    private async Task<AuditLogEntry> DeadLettered(Func<int, string> body)
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

    private async Task<AuditLogEntry> DeadLetteredWithoutOrganization(string body)
    {
        var messageId = "poison-" + Guid.NewGuid().ToString("N");
        await Put(body, messageId);

        var entries = await Eventually.Get(
            async () =>
                (await shared.App.AsAdmin().GetAll<AuditLogEntry>("/api/audit-logs?type=event.deadLettered"))
                    .Where(entry => entry.EventId == messageId)
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
