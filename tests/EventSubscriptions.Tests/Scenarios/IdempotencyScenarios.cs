using System.Net;
using System.Text;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Events with an id that was used before.</summary>
public sealed class IdempotencyScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Event_is_delivered_once_when_it_is_published_twice()
    {
        var (organization, hook) = await SubscribedAsync();
        var body = Event("order-1", "first");
        (await PublishAsync(organization, body)).Expect(HttpStatusCode.Accepted);
        await hook.Received("order-1");

        (await PublishAsync(organization, body)).Expect(HttpStatusCode.Accepted);

        // The event published later has arrived, the repeat hasn't.
        await hook.Received(await organization.PublishCase());
        Assert.Equal(2, hook.Count);
        Assert.Empty(await organization.Audited("event.deadLettered", 0));
    }

    [Fact]
    public async Task Different_events_with_used_ids_are_refused_with_a_field_error_for_each()
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
    public async Task Different_event_with_a_used_id_is_audited_when_it_was_queued()
    {
        var (organization, hook) = await SubscribedAsync();
        await PutAsync("case-1", organization, "first");
        await hook.Received("case-1");

        await PutAsync("case-1", organization, "second");

        var entry = Assert.Single(await organization.Audited("event.deadLettered", 1));
        Assert.Equal("IdReused", entry.Error!.Kind);
        Assert.Equal("case-1", entry.EventId);
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

    private static IEnumerable<string> Fields(ApiResponse response) => response.Read<ProblemResult>().Errors!.Keys;

    private static string Event(string id, string name) =>
        $$$"""{"id":"{{{id}}}","eventName":"CaseArchivedEvent","data":{"id":"1","name":"{{{name}}}"}}""";

    private static Task<ApiResponse> PublishAsync(Organization organization, string body) =>
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
