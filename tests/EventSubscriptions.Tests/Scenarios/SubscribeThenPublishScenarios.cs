using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class SubscribeThenPublishScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    /// <summary>The same organization over and over, so that what fan-out remembers of it is always one subscription behind.</summary>
    [Fact]
    public async Task Event_is_never_missed_when_it_is_published_right_after_its_subscription()
    {
        const int organizations = 10;
        const int rounds = 20;

        await Parallel.ForEachAsync(
            Enumerable.Range(0, organizations),
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (_, _) =>
            {
                var organization = shared.NewOrganization();
                for (var round = 0; round < rounds; round++)
                {
                    var hook = shared.Receiver.NewHook();
                    await organization.Subscribe(hook);
                    var eventId = await organization.PublishCase();
                    await hook.Received(eventId);
                }
            }
        );
    }

    [Fact]
    public async Task Event_follows_a_change_of_the_subscription_that_was_made_right_before()
    {
        var organization = shared.NewOrganization();
        var hook = shared.Receiver.NewHook();
        var witness = shared.Receiver.NewHook();
        var subscription = await organization.Subscribe(hook, Some.CaseEvent);
        await organization.Subscribe(witness);
        await hook.Received(await organization.PublishCase());

        (await organization.Api.Patch(subscription.Path, new { events = new[] { "CaseClosedEvent" } })).Expect(
            System.Net.HttpStatusCode.OK
        );
        await witness.Received(await organization.PublishCase());
        var wanted = await organization.Publish(
            "CaseClosedEvent",
            new
            {
                id = "1",
                name = "n",
                closedOn = "2025-01-28T12:00:00Z",
            }
        );
        await hook.Received(wanted);

        Assert.Equal(2, hook.Count);
    }
}
