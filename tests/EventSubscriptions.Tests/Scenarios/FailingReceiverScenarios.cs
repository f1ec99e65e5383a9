using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class FailingReceiverScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Delivery_is_repeated_until_the_receiver_takes_it()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook().Answers(500, 500, 200);
        var subscription = await organization.Subscribe(hook);

        var eventId = await organization.PublishCase();
        var success = Assert.Single(await subscription.Attempted("delivered", 1));

        var requests = hook.Requests;
        Assert.Equal(3, requests.Count);
        Assert.All(requests, request => Assert.Equal(requests[0].Body, request.Body));
        Assert.Equal(3, (int)success["attempt"]!);
        Assert.Equal(200, (int)success["statusCode"]!);

        var failures = await organization.AuditLog("delivery.failed");
        Assert.Equal([2, 1], failures.Select(entry => (int)entry["attempt"]!));
        Assert.All(
            failures,
            entry =>
            {
                Assert.Equal(500, (int)entry["statusCode"]!);
                Assert.Equal("status", (string)entry["error"]!["kind"]!);
                Assert.Equal(eventId, (string)entry["eventId"]!);
                Assert.Equal(subscription.Id, (string)entry["subscriptionId"]!);
                Assert.Equal(hook.Url.OriginalString, (string)entry["url"]!);
                Assert.Equal("The receiver is not in the mood.", (string)entry["responseSnippet"]!);
            }
        );
        Assert.Equal(2, (await subscription.Attempts("failed")).Count);
        Assert.Empty(await organization.AuditLog("delivery.deadLettered"));
    }

    [Fact]
    public async Task Delivery_is_given_up_with_an_entry_for_each_attempt_when_the_receiver_stays_down()
    {
        await using var app = await AppProcess.Start(("Deliveries__RetrySchedule", "00:00:00.100,00:00:00.200,00:00:00.300"));
        var organization = Organization.New(app);
        using var down = new ClosedPort();
        var subscription = await organization.Subscribe(down.Url);

        var eventId = await organization.PublishCase();
        var deadLetter = Assert.Single(await organization.Audited("delivery.deadLettered", 1));

        var failures = await organization.AuditLog("delivery.failed");
        Assert.Equal([4, 3, 2, 1], failures.Select(entry => (int)entry["attempt"]!));
        Assert.All(failures, entry => Assert.Equal("connect", (string)entry["error"]!["kind"]!));
        Assert.Equal("RetriesExhausted", (string)deadLetter["error"]!["kind"]!);
        Assert.Contains((string)failures[0]["error"]!["detail"]!, (string)deadLetter["error"]!["detail"]!, StringComparison.Ordinal);
        Assert.Equal(eventId, (string)deadLetter["eventId"]!);
        Assert.Equal(subscription.Id, (string)deadLetter["subscriptionId"]!);
        await Eventually.QueuesAreEmpty(app);
    }
}
