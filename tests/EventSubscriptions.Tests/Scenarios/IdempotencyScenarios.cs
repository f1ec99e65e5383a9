using System.Net;
using System.Text;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>What becomes of an event whose id was there before.</summary>
public sealed class IdempotencyScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Same_event_again_is_accepted_and_arrives_once()
    {
        var (organization, hook) = await SubscribedAsync();
        var body = Event("order-1", "first");
        (await PublishAsync(organization, body)).Expect(HttpStatusCode.Accepted);
        await hook.Received("order-1");

        (await PublishAsync(organization, body)).Expect(HttpStatusCode.Accepted);

        // What is published later has come, the repeat hasn't.
        await hook.Received(await organization.PublishCase());
        Assert.Equal(2, hook.Count);
        Assert.Empty(await organization.Audited("event.deadLettered", 0));
    }

    [Fact]
    public async Task Another_event_of_the_same_id_is_refused_with_the_places_of_all_such_ids()
    {
        var (organization, hook) = await SubscribedAsync();
        (await PublishAsync(organization, $"[{Event("a", "first")},{Event("c", "first")}]")).Expect(HttpStatusCode.Accepted);
        await hook.Received("a");
        await hook.Received("c");

        var one = (await PublishAsync(organization, Event("a", "second"))).Expect(HttpStatusCode.Conflict);
        var several = (await PublishAsync(organization, $"[{Event("a", "second")},{Event("b", "first")},{Event("c", "second")}]")).Expect(
            HttpStatusCode.Conflict
        );

        Assert.Equal(["id"], Fields(one));
        Assert.Equal(["[0].id", "[2].id"], Fields(several));
        await hook.Received(await organization.PublishCase());
        Assert.Equal(3, hook.Count);
    }

    [Fact]
    public async Task Another_event_of_the_same_id_on_the_queue_is_in_the_audit_log()
    {
        var (organization, hook) = await SubscribedAsync();
        await PutAsync("case-1", organization, "first");
        await hook.Received("case-1");

        await PutAsync("case-1", organization, "second");

        var entry = Assert.Single(await organization.Audited("event.deadLettered", 1));
        Assert.Equal("IdReused", (string)entry["error"]!["kind"]!);
        Assert.Equal("case-1", (string)entry["eventId"]!);
        Assert.Equal(1, hook.Count);
    }

    [Fact]
    public async Task Producers_of_two_organizations_may_use_the_same_message_id()
    {
        var (mine, myHook) = await SubscribedAsync();
        var (theirs, theirHook) = await SubscribedAsync();

        await PutAsync("case-1", mine, "mine");
        await PutAsync("case-1", theirs, "theirs");

        Assert.Contains("mine", Encoding.UTF8.GetString((await myHook.Received("case-1")).Body), StringComparison.Ordinal);
        Assert.Contains("theirs", Encoding.UTF8.GetString((await theirHook.Received("case-1")).Body), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Fields(Answer answer) => answer.Json["errors"]!.AsObject().Select(field => field.Key);

    private static string Event(string id, string name) =>
        $$$"""{"id":"{{{id}}}","eventName":"CaseArchivedEvent","data":{"id":"1","name":"{{{name}}}"}}""";

    private static Task<Answer> PublishAsync(Organization organization, string body) =>
        organization.Api.Send(HttpMethod.Post, organization.Path + "/events", body);

    private async Task<(Organization Organization, Hook Hook)> SubscribedAsync()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        await organization.Subscribe(hook);
        return (organization, hook);
    }

    private async Task PutAsync(string messageId, Organization organization, string name) =>
        (
            await shared
                .App.AsAdmin()
                .PutOnQueue(
                    "events",
                    Encoding.UTF8.GetBytes(
                        $$$"""{"eventName":"CaseArchivedEvent","organizationId":{{{organization.Id}}},"data":{"id":"1","name":"{{{name}}}"}}"""
                    ),
                    messageId
                )
        ).Expect(HttpStatusCode.Created);
}
