using System.Globalization;
using System.Text.RegularExpressions;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>Keeps both cores busy for some seconds, so it runs beside no other scenario.</summary>
[CollectionDefinition(nameof(BacklogScenarios), DisableParallelization = true)]
[Collection(nameof(BacklogScenarios))]
public sealed partial class BacklogScenarios
{
    private const int Backlog = 20_000;

    // On a busy machine the deliveries alone take longer than what others wait for.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Backlog_is_deferred_a_few_times_and_delivered_when_the_breaker_closes()
    {
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start(
            ("Deliveries__Deadline", "00:00:02"),
            ("Deliveries__ProbeInterval", "00:00:01"),
            ("Deliveries__RetrySchedule", string.Join(',', Enumerable.Repeat("00:00:01", 50))),
            ("Logging__LogLevel__EventSubscriptions.Deliveries.DeliveryScheduler", "Debug")
        );
        var organization = Organization.New(app);
        var hook = receiver.NewHook();
        await organization.Subscribe(hook);
        await organization.PublishCases(100, "before");
        await hook.Received(100);

        hook.After(TimeSpan.FromMinutes(1));
        var ids = await organization.PublishCases(Backlog, "backlog");
        await organization.Audited("breaker.opened", 1);
        await Eventually.Get(
            () => AppQueues.Of(app.AsAdmin()),
            queues => queues.Sum(queue => queue.Scheduled) >= Backlog - 16,
            queues => "a backlog that is held: " + string.Join(", ", queues),
            s_patience
        );
        hook.After(TimeSpan.Zero);

        await Eventually.Until(
            () => Missing(ids, hook).Count == 0,
            () => $"{Backlog} events, {Missing(ids, hook).Count} are missing",
            s_patience
        );
        await Eventually.QueuesAreEmpty(app);
        var touches = Touches(app).Values;
        Assert.InRange(touches.Max(), 1, 12);
        Assert.InRange(touches.Average(), 1, 5);
        Assert.Single(await organization.AuditLog("breaker.opened"));
        Assert.Single(await organization.AuditLog("breaker.closed"));
    }

    private static HashSet<string> Missing(IReadOnlyList<string> ids, Hook hook)
    {
        var missing = ids.ToHashSet(StringComparer.Ordinal);
        missing.ExceptWith(hook.Responded);
        return missing;
    }

    /// <summary>How often each delivery was held, as the app's log says.</summary>
    private static Dictionary<string, int> Touches(AppProcess app) =>
        HeldDelivery()
            .Matches(app.Output)
            .GroupBy(match => match.Groups["id"].Value, StringComparer.Ordinal)
            .ToDictionary(
                group => group.Key,
                group => group.Max(match => int.Parse(match.Groups["count"].Value, CultureInfo.InvariantCulture)),
                StringComparer.Ordinal
            );

    [GeneratedRegex(
        @"event (?<id>backlog-\d+) .*\(postponement (?<count>\d+)\)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex HeldDelivery();
}
