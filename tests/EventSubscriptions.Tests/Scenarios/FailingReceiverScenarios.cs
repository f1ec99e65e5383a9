using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class FailingReceiverScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Delivery_is_retried_until_the_receiver_accepts_it()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook().Responds(500, 500, 200);
        var subscription = await organization.Subscribe(hook);

        var eventId = await organization.PublishCase();
        var success = Assert.Single(await subscription.Attempted("delivered", 1));

        var requests = hook.Requests;
        Assert.Equal(3, requests.Count);
        Assert.All(requests, request => Assert.Equal(requests[0].Body, request.Body));
        Assert.Equal(3, success.Attempt);
        Assert.Equal(200, success.StatusCode);

        var failures = await organization.AuditLog("delivery.failed");
        Assert.Equal([2, 1], failures.Select(entry => entry.Attempt));
        Assert.All(
            failures,
            entry =>
            {
                Assert.Equal(500, entry.StatusCode);
                Assert.Equal("status", entry.Error!.Kind);
                Assert.Equal(eventId, entry.EventId);
                Assert.Equal(subscription.Id, entry.SubscriptionId);
                Assert.Equal(hook.Url.OriginalString, entry.Url);
                Assert.Equal("The receiver is busy.", entry.ResponseSnippet);
            }
        );
        Assert.Equal(2, (await subscription.Attempts("failed")).Count);
        Assert.Empty(await organization.AuditLog("delivery.deadLettered"));
    }

    [Fact]
    public async Task Delivery_is_dead_lettered_with_an_entry_for_each_attempt_when_the_receiver_stays_down()
    {
        await using var app = await AppProcess.Start(("Deliveries__RetrySchedule", "00:00:00.100,00:00:00.200,00:00:00.300"));
        var organization = Organization.New(app);
        using var down = new ClosedPort();
        var subscription = await organization.Subscribe(down.Url);

        var eventId = await organization.PublishCase();
        var deadLetter = Assert.Single(await organization.Audited("delivery.deadLettered", 1));

        var failures = await organization.AuditLog("delivery.failed");
        Assert.Equal([4, 3, 2, 1], failures.Select(entry => entry.Attempt));
        Assert.All(failures, entry => Assert.Equal("connect", entry.Error!.Kind));
        Assert.Equal("RetriesExhausted", deadLetter.Error!.Kind);
        Assert.Contains(failures[0].Error!.Detail, deadLetter.Error!.Detail, StringComparison.Ordinal);
        Assert.Equal(eventId, deadLetter.EventId);
        Assert.Equal(subscription.Id, deadLetter.SubscriptionId);
        await Eventually.QueuesAreEmpty(app);
    }
}
