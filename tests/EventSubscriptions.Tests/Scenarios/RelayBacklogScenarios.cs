namespace EventSubscriptions.Tests.Scenarios;

/// <summary>A long backlog at Relay.</summary>
public sealed class RelayBacklogScenarios : RelayScenario
{
    [Fact]
    public async Task Relay_backlog_of_10_000_events_is_delivered_when_2_500_have_the_same_timestamp()
    {
        var account = Relay.NewAccount();
        var now = DateTimeOffset.UtcNow;
        var moment = now.AddDays(-3);
        moment = moment.AddTicks(-(moment.Ticks % TimeSpan.TicksPerMicrosecond));
        var expected = account.Add(moment, 2_500).ToHashSet(StringComparer.Ordinal);
        for (var n = 0; n < 7_500; n++)
        {
            expected.Add(account.Add(now.AddSeconds(-1 - (n * 80))));
        }

        var (started, hook) = await StartSubscribed(account);
        await using var app = started;

        await AllArrive(expected, hook, app);

        Assert.Equal(10_000, expected.Count);
        Assert.Equal(10_000, hook.Count);
        Assert.Empty(await new Organization(app.AsAdmin(), 1).AuditLog("relay.gap"));
        Assert.Equal("healthy", (await Health(app)).Single().State);
    }
}
