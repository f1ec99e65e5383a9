using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class CrashScenarios
{
    private const int Subscriptions = 10;
    private const int Events = 500;
    private const int MaxConcurrentCalls = 256;

    [Fact]
    public async Task Every_event_arrives_when_the_app_is_killed_in_the_middle_of_its_deliveries()
    {
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start();
        var organization = Organization.New(app);
        var hooks = Enumerable.Range(0, Subscriptions).Select(_ => receiver.NewHook().After(TimeSpan.FromMilliseconds(20))).ToList();
        foreach (var hook in hooks)
        {
            await organization.Subscribe(hook);
        }

        var ids = await organization.PublishCases(Events, "crash");
        await Eventually.Until(() => hooks.Sum(hook => hook.Count) >= Subscriptions * Events / 3, () => "a third of the deliveries");
        await app.Kill();
        var before = hooks.Sum(hook => hook.Count);
        Assert.InRange(before, 1, (Subscriptions * Events) - 1);
        await app.StartAgain();

        await Eventually.Until(
            () => hooks.All(hook => ids.ToHashSet(StringComparer.Ordinal).IsSubsetOf(hook.Requests.Select(request => request.EventId))),
            () => $"every event everywhere, {hooks.Sum(hook => hook.Requests.Select(request => request.EventId).Distinct(StringComparer.Ordinal).Count())} arrived");
        await Eventually.QueuesAreEmpty(app);
        var duplicates = hooks.Sum(hook => hook.Count) - (Subscriptions * Events);
        Assert.InRange(duplicates, 0, MaxConcurrentCalls);
    }
}
