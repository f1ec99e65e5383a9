using System.Net;
using System.Text.Json.Nodes;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class HealthScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Health_shows_that_a_receiver_fails_and_that_it_has_recovered()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook().Answers(500, 500, 500, 500, 200);
        var subscription = await organization.Subscribe(hook);
        Assert.Equal("""{"state":"healthy","failures":0}""", subscription.Created.Json["health"]!.ToJsonString());

        await organization.PublishCase();
        await organization.Audited("delivery.deadLettered", 1);
        var failing = await Health(subscription);

        Assert.Equal(("failing", 4), ((string)failing["state"]!, (int)failing["failures"]!));
        Assert.NotNull(failing["failingSince"]);
        Assert.Equal(failing.ToJsonString(), (await Listed(subscription))["health"]!.ToJsonString());

        await organization.PublishCase();
        await subscription.Attempted("delivered", 1);

        Assert.Equal("""{"state":"healthy","failures":0}""", (await Health(subscription)).ToJsonString());
    }

    [Fact]
    public async Task Subscription_is_deactivated_once_when_its_receiver_answers_410()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook().Answers(410);
        var subscription = await organization.Subscribe(hook);

        var eventId = await organization.PublishCase();
        var attempt = Assert.Single(await subscription.Attempted("gone", 1));
        var entry = Assert.Single(await organization.Audited("subscription.deactivated", 1));

        Assert.Equal(eventId, (string)attempt["eventId"]!);
        Assert.Null(attempt["nextAttemptAt"]);
        Assert.Equal("gone", (string)entry["error"]!["kind"]!);
        Assert.NotEmpty((string)entry["error"]!["hint"]!);
        var shown = (await organization.Api.Get(subscription.Path)).Json;
        Assert.False((bool)shown["isActive"]!);
        Assert.Equal("deactivated", (string)shown["health"]!["state"]!);
        Assert.Equal("The receiver returned 410 Gone.", (string)shown["health"]!["reason"]!);
        Assert.Equal(410, (int)Assert.Single(await organization.AuditLog("delivery.failed"))["statusCode"]!);
        Assert.Single(hook.Requests);
    }

    [Fact]
    public async Task Subscription_is_deactivated_when_it_has_failed_for_long_and_works_again_once_it_is_activated()
    {
        await using var app = await AppProcess.Start(
            ("Deliveries__RetrySchedule", "00:00:00.100,00:00:00.100,00:00:00.100,01:00:00"),
            ("Deliveries__DeactivateAfter", "00:00:00.150"),
            ("Deliveries__DeactivateMinFailures", "4")
        );
        await using var receiver = await Receiver.Start();
        var organization = Organization.New(app);
        var hook = receiver.NewHook().Answers(500, 500, 500, 500, 200);
        var subscription = await organization.Subscribe(hook);

        var missed = await organization.PublishCase();
        var entry = Assert.Single(await organization.Audited("subscription.deactivated", 1));

        Assert.Equal("failing", (string)entry["error"]!["kind"]!);
        Assert.NotEmpty((string)entry["error"]!["hint"]!);
        Assert.Null(entry["actor"]);
        var health = await Health(subscription);
        Assert.Equal(("deactivated", 4), ((string)health["state"]!, (int)health["failures"]!));
        Assert.Equal((string)entry["error"]!["detail"]!, (string)health["reason"]!);

        var activated = (await organization.Api.Patch(subscription.Path, new JsonObject { ["isActive"] = true }))
            .Expect(HttpStatusCode.OK)
            .Json;
        Assert.Equal("""{"state":"healthy","failures":0}""", activated["health"]!.ToJsonString());
        var next = await organization.PublishCase();
        await hook.Received(next);

        await subscription.Attempted("delivered", 1);
        Assert.Equal(
            [missed, missed, missed, missed],
            (await subscription.Attempts("failed")).Select(attempt => (string)attempt["eventId"]!)
        );
        Assert.Equal(0, await app.Stop());
    }

    private static async Task<JsonNode> Health(SubscriptionHandle subscription) =>
        (await subscription.Organization.Api.Get(subscription.Path)).Expect(HttpStatusCode.OK).Json["health"]!;

    private static async Task<JsonNode> Listed(SubscriptionHandle subscription) =>
        Assert.Single(await subscription.Organization.Api.GetAll($"{subscription.Organization.Path}/subscriptions"));
}
