using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>The app is killed while it reads from Relay.</summary>
public sealed class RelayKillScenarios : RelayScenario
{
    private const int MaxConcurrentCalls = 256;

    [Fact]
    public async Task No_event_is_lost_when_the_app_is_killed_before_the_cursor_moves()
    {
        // While responds are in no order the cursor waits until they hold all there is, so that there is time to kill the app before it
        // moves.
        var account = Relay.NewAccount();
        account.Order = RelayOrder.NewestFirst;
        var now = DateTimeOffset.UtcNow;
        var expected = Enumerable.Range(1, 2_500).Select(n => account.Add(now.AddMinutes(-n))).ToHashSet(StringComparer.Ordinal);
        var (started, hook) = await StartSubscribed(account);
        await using var app = started;

        await hook.Received(1);
        await app.Kill();
        var asked = account.Requests.Count;
        await app.StartAgain();
        await Eventually.Until(() => account.Requests.Count > asked, () => "a question after the start");
        Assert.InRange(account.Requests[asked].Oldest, DateTimeOffset.MinValue, now.AddDays(-6));

        await AllArrive(expected, hook, app);
        Assert.InRange(hook.Count - expected.Count, 0, MaxConcurrentCalls);
    }

    [Fact]
    public async Task No_event_is_lost_when_the_app_is_killed_repeatedly_while_it_polls()
    {
        var account = Relay.NewAccount();
        var expected = Enumerable
            .Range(0, 1_500)
            .Select(n => account.Add(DateTimeOffset.UtcNow.AddMinutes(n - 1_600)))
            .ToHashSet(StringComparer.Ordinal);
        var (started, hook) = await StartSubscribed(account);
        await using var app = started;
        var random = new Random(1);
        for (var kills = 0; kills < 3; kills++)
        {
            var asked = account.Requests.Count;
            await Eventually.Until(() => account.Requests.Count >= asked + 3, () => "three questions");
            await Task.Delay(random.Next(30));
            await app.Kill();
            await app.StartAgain();
        }

        await AllArrive(expected, hook, app);
        Assert.InRange(hook.Count - expected.Count, 0, 3 * MaxConcurrentCalls);
    }
}
