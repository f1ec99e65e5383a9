using System.Net;
using System.Text.Json;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Tests of a receiver, and resends of lost events.</summary>
public sealed class RepairScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Test_sends_the_example_of_a_subscribed_event_and_returns_the_attempt()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook, "CaseClosedEvent", "CaseCreatedEvent");

        var attempt = (await organization.Api.Send(HttpMethod.Post, subscription.Path + "/test"))
            .Expect(HttpStatusCode.OK)
            .Read<AttemptResult>();

        Assert.True(attempt.Delivered);
        Assert.Equal(("delivered", 200, "test", 1), (attempt.Outcome, attempt.StatusCode, attempt.Run, attempt.Attempt));
        var request = Assert.Single(hook.Requests);
        Assert.Equal(attempt.EventId, request.EventId);
        Assert.Equal("Bearer " + subscription.Token, request.Authorization);
        var example = (await organization.Api.Get<EventTypeResult>("/api/event-types/CaseClosedEvent")).Example.GetProperty("data");
        Assert.Equal(organization.Id, request.Payload.OrganizationId);
        Assert.True(JsonElement.DeepEquals(example, request.Payload.Data));
        Assert.Equal("test", Assert.Single(await subscription.Attempts()).Run);
    }

    [Fact]
    public async Task Test_of_an_inactive_subscription_returns_the_failure_without_a_retry()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook().Responds(500);
        var subscription = await organization.Subscribe(hook);
        await subscription.Change(new { isActive = false });

        var attempt = await subscription.Test("CaseArchivedEvent");

        Assert.False(attempt.Delivered);
        Assert.Equal(("failed", 500, "CaseArchivedEvent"), (attempt.Outcome, attempt.StatusCode, attempt.EventName));
        Assert.Equal("status", attempt.Error!.Kind);
        Assert.Null(attempt.NextAttemptAt);
        Assert.Equal(1, hook.Count);
        Assert.Empty(await organization.AuditLog("delivery.failed"));
    }

    [Fact]
    public async Task Test_is_refused_when_the_event_type_or_the_subscription_is_unknown()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);

        var misspelt = await organization.Api.Post(subscription.Path + "/test", new { eventName = "CaseClosedEvnt", @event = 1 });
        var others = await organization.Api.Post($"{shared.NewOrganization().Path}/subscriptions/{subscription.Id}/test", new { });

        var errors = misspelt.Expect(HttpStatusCode.BadRequest).Read<ProblemResult>().Errors!;
        Assert.Contains("CaseClosedEvent", errors.Single(error => error.Key == "eventName").Value[0], StringComparison.Ordinal);
        Assert.Contains("event", errors.Keys);
        others.Expect(HttpStatusCode.NotFound);
        Assert.Equal(0, hook.Count);
    }

    [Fact]
    public async Task Resend_sends_the_same_payload_with_a_new_run()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        var eventId = await organization.PublishCase();
        await hook.Received(1);

        var run = (await Resend(subscription, eventId)).Expect(HttpStatusCode.Accepted).Read<ResendResult>().Run;
        var requests = await hook.Received(2);

        Assert.Equal([eventId, eventId], requests.Select(request => request.EventId));
        Assert.Equal(requests[0].Body, requests[1].Body);
        var attempts = await subscription.Attempted("delivered", 2);
        Assert.Equal([run, "event"], attempts.Select(attempt => attempt.Run));
        Assert.StartsWith("rsd_", run, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resend_delivers_a_dead_lettered_event()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook().Responds(500, 500, 500, 500, 200);
        var subscription = await organization.Subscribe(hook);
        var eventId = await organization.PublishCase();
        await organization.Audited("delivery.deadLettered", 1);

        (await Resend(subscription, eventId)).Expect(HttpStatusCode.Accepted);

        Assert.Equal(eventId, Assert.Single(await subscription.Attempted("delivered", 1)).EventId);
    }

    [Fact]
    public async Task Resend_is_refused_when_the_event_is_not_archived_or_the_subscription_is_inactive()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook);
        var eventId = await organization.PublishCase();
        await hook.Received(1);

        (await Resend(subscription, "evt_unknown")).Expect(HttpStatusCode.NotFound);
        await subscription.Change(new { isActive = false });
        (await Resend(subscription, eventId)).Expect(HttpStatusCode.Conflict);
        (await Resend(subscription, "evt_unknown")).Expect(HttpStatusCode.NotFound);
        Assert.Equal(1, hook.Count);
    }

    private static Task<ApiResponse> Resend(SubscriptionHandle subscription, string eventId) =>
        subscription.Organization.Api.Send(HttpMethod.Post, $"{subscription.Path}/deliveries/{eventId}/resend");
}
