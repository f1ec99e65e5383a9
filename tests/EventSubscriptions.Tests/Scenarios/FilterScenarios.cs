using System.Net;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>What a subscription decides for itself: which payloads it gets, and how often and how long its receiver is tried.</summary>
public sealed class FilterScenarios(SharedApp shared) : IClassFixture<SharedApp>
{
    [Fact]
    public async Task Subscription_gets_the_events_that_its_filter_accepts()
    {
        var hook = shared.Receiver.NewHook();
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(hook, Some.CaseEvent);
        var changed = await subscription.Change(new { filter = Filter("case-2") });
        Assert.Equal("""{"data.id":{"$in":["case-2"]}}""", changed.Filter!.Value.GetRawText());

        var ignored = await organization.PublishCase("case-1");
        var wanted = await organization.PublishCase("case-2");
        Assert.Equal(wanted, (await hook.Received(1))[0].EventId);
        (await organization.Api.Send(HttpMethod.Patch, subscription.Path, """{"filter":null}""")).Expect(HttpStatusCode.OK);
        var last = await organization.PublishCase("case-1");
        await hook.Received(last);

        Assert.DoesNotContain(hook.Requests, request => request.EventId == ignored);
        var tested = await organization.Api.Post($"{organization.Path}/subscriptions/filter-test", new { filter = Filter("case-1") });
        var result = tested.Read<FilterTestResult>();
        Assert.Equal((3, 2, true), (result.Examined, result.Matched, result.IsComplete));
        Assert.DoesNotContain("case-2", await organization.AuditLogText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subscription_has_its_own_retry_schedule_and_deadline()
    {
        var hook = shared.Receiver.NewHook().After(TimeSpan.FromSeconds(20));
        var organization = shared.NewOrganization();
        var subscription = await organization.Subscribe(hook, Some.CaseEvent);
        var changed = await subscription.Change(new { retrySchedule = (string[])["00:00:00.100"], deadline = "00:00:01" });
        Assert.Equal("00:00:01", changed.Deadline);
        Assert.Equal(["00:00:00.1000000"], changed.RetrySchedule);

        await organization.PublishCase();

        await organization.Audited("delivery.deadLettered", 1);
        var attempts = await subscription.Attempts();
        Assert.Equal(2, attempts.Count);
        Assert.All(attempts, attempt => Assert.Equal("No response within 1 s.", attempt.Error!.Detail));
    }

    private static Dictionary<string, object> Filter(string id) =>
        new(StringComparer.Ordinal) { ["data.id"] = new Dictionary<string, object>(StringComparer.Ordinal) { ["$in"] = (string[])[id] } };
}
