using System.Net;
using System.Text.Json.Nodes;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>What an operator does to see whether a receiver works, and to send it once more what it has lost.</summary>
public sealed class RepairScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Test_sends_the_example_of_a_subscribed_event_and_answers_with_the_attempt()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook, "CaseClosedEvent", "CaseCreatedEvent");

        var attempt = (await organization.Api.Send(HttpMethod.Post, subscription.Path + "/test")).Expect(HttpStatusCode.OK).Json;

        Assert.True((bool)attempt["delivered"]!);
        Assert.Equal(
            ("delivered", 200, "test", 1),
            ((string)attempt["outcome"]!, (int)attempt["statusCode"]!, (string)attempt["run"]!, (int)attempt["attempt"]!)
        );
        var request = Assert.Single(hook.Requests);
        Assert.Equal((string)attempt["eventId"]!, request.EventId);
        Assert.Equal("Bearer " + subscription.Token, request.Authorization);
        var payload = JsonNode.Parse(request.Body)!;
        var example = (await organization.Api.Get("/api/event-types/CaseClosedEvent")).Expect(HttpStatusCode.OK).Json["example"]!;
        Assert.Equal(organization.Id, (int)payload["organizationId"]!);
        Assert.True(JsonNode.DeepEquals(example["data"], payload["data"]));
        Assert.Equal("test", (string)Assert.Single(await subscription.Attempts())["run"]!);
    }

    [Fact]
    public async Task Test_reaches_the_receiver_of_an_inactive_subscription_and_shows_its_failure_once()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook().Answers(500);
        var subscription = await organization.Subscribe(hook);
        (await organization.Api.Patch(subscription.Path, new JsonObject { ["isActive"] = false })).Expect(HttpStatusCode.OK);

        var attempt = (await organization.Api.Post(subscription.Path + "/test", new JsonObject { ["eventName"] = "CaseArchivedEvent" }))
            .Expect(HttpStatusCode.OK)
            .Json;

        Assert.False((bool)attempt["delivered"]!);
        Assert.Equal(
            ("failed", 500, "CaseArchivedEvent"),
            ((string)attempt["outcome"]!, (int)attempt["statusCode"]!, (string)attempt["eventName"]!)
        );
        Assert.Equal("status", (string)attempt["error"]!["kind"]!);
        Assert.Null(attempt["nextAttemptAt"]);
        Assert.Equal(1, hook.Count);
        Assert.Empty(await organization.AuditLog("delivery.failed"));
    }

    [Fact]
    public async Task Test_refuses_an_event_that_does_not_exist_and_a_subscription_of_others()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);

        var misspelt = await organization.Api.Post(
            subscription.Path + "/test",
            new JsonObject { ["eventName"] = "CaseClosedEvnt", ["event"] = 1 }
        );
        var others = await organization.Api.Post($"{shared.NewOrganization().Path}/subscriptions/{subscription.Id}/test", new JsonObject());

        Assert.Contains(
            "CaseClosedEvent",
            (string)misspelt.Expect(HttpStatusCode.BadRequest).Json["errors"]!["eventName"]![0]!,
            StringComparison.Ordinal
        );
        Assert.NotNull(misspelt.Json["errors"]!["event"]);
        others.Expect(HttpStatusCode.NotFound);
        Assert.Equal(0, hook.Count);
    }

    [Fact]
    public async Task Resend_repeats_one_event_with_its_payload_and_a_run_of_its_own()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        var eventId = await organization.PublishCase();
        await hook.Received(1);

        var run = (string)(await Resend(subscription, eventId)).Expect(HttpStatusCode.Accepted).Json["run"]!;
        var requests = await hook.Received(2);

        Assert.Equal([eventId, eventId], requests.Select(request => request.EventId));
        Assert.Equal(requests[0].Body, requests[1].Body);
        var attempts = await subscription.Attempted("delivered", 2);
        Assert.Equal([run, "event"], attempts.Select(attempt => (string)attempt["run"]!));
        Assert.StartsWith("rsd_", run, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resend_delivers_what_was_given_up()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook().Answers(500, 500, 500, 500, 200);
        var subscription = await organization.Subscribe(hook);
        var eventId = await organization.PublishCase();
        await organization.Audited("delivery.deadLettered", 1);

        (await Resend(subscription, eventId)).Expect(HttpStatusCode.Accepted);

        Assert.Equal(eventId, (string)Assert.Single(await subscription.Attempted("delivered", 1))["eventId"]!);
    }

    [Fact]
    public async Task Resend_is_refused_for_what_is_not_archived_and_for_an_inactive_subscription()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        var eventId = await organization.PublishCase();
        await hook.Received(1);

        (await Resend(subscription, "evt_unknown")).Expect(HttpStatusCode.NotFound);
        (await organization.Api.Patch(subscription.Path, new JsonObject { ["isActive"] = false })).Expect(HttpStatusCode.OK);
        (await Resend(subscription, eventId)).Expect(HttpStatusCode.Conflict);
        (await Resend(subscription, "evt_unknown")).Expect(HttpStatusCode.NotFound);
        Assert.Equal(1, hook.Count);
    }

    private static Task<Answer> Resend(SubscriptionHandle subscription, string eventId) =>
        subscription.Organization.Api.Send(HttpMethod.Post, $"{subscription.Path}/deliveries/{eventId}/resend");
}
