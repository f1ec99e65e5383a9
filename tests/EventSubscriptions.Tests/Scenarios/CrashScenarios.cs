using System.Globalization;
using System.Text.RegularExpressions;

namespace EventSubscriptions.Tests.Scenarios;

public sealed partial class CrashScenarios
{
    private const int Subscriptions = 10;
    private const int Events = 500;
    private const int MaxConcurrentCalls = 256;

    [Fact]
    public async Task Events_are_all_delivered_when_the_app_is_killed_while_it_delivers()
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
            () =>
                $"every event everywhere, {hooks.Sum(hook => hook.Requests.Select(request => request.EventId).Distinct(StringComparer.Ordinal).Count())} arrived"
        );
        await Eventually.QueuesAreEmpty(app);
        var duplicates = hooks.Sum(hook => hook.Count) - (Subscriptions * Events);
        Assert.InRange(duplicates, 0, MaxConcurrentCalls);
    }

    [Fact]
    public async Task Accepted_events_are_all_delivered_when_the_app_is_killed_while_it_accepts_them()
    {
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start();
        var organization = Organization.New(app);
        var hook = receiver.NewHook();
        await organization.Subscribe(hook);

        var publishers = Enumerable.Range(0, 8).Select(number => PublishUntilTheAppIsGone(organization, number)).ToList();
        await hook.Received(100);
        await app.Kill();
        var accepted = (await Task.WhenAll(publishers)).SelectMany(ids => ids).ToHashSet(StringComparer.Ordinal);
        await app.StartAgain();

        await Eventually.Until(
            () => accepted.IsSubsetOf(hook.Requests.Select(request => request.EventId)),
            () =>
                $"all {accepted.Count} accepted events, {hook.Requests.Select(request => request.EventId).Distinct(StringComparer.Ordinal).Count()} arrived"
        );
    }

    /// <summary>How often the app is killed: more often by hand than with every change.</summary>
    private static readonly int s_kills = int.Parse(
        Environment.GetEnvironmentVariable("CRASH_SCENARIO_KILLS") ?? "6",
        CultureInfo.InvariantCulture
    );

    [Fact]
    public async Task Accepted_events_are_all_delivered_and_logged_when_the_app_is_killed_repeatedly()
    {
        const int seed = 20250211;
        var random = new Random(seed);
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start();
        var organization = Organization.New(app);
        var hook = receiver.NewHook();
        var subscription = await organization.Subscribe(hook);

        var accepted = new List<string>();
        for (var kill = 0; kill < s_kills; kill++)
        {
            var run = kill;
            var received = hook.Count;
            var publishers = Enumerable.Range(0, 4).Select(number => PublishUntilTheAppIsGone(organization, (run * 4) + number)).ToList();
            await hook.Received(received + 1);
            await Task.Delay(random.Next(500));
            await app.Kill();
            accepted.AddRange((await Task.WhenAll(publishers)).SelectMany(ids => ids));
            await app.StartAgain(atSameAddress: true);
        }

        Assert.NotEmpty(accepted);
        await Eventually.Until(
            () => accepted.ToHashSet(StringComparer.Ordinal).IsSubsetOf(hook.Requests.Select(request => request.EventId)),
            () =>
                $"all {accepted.Count} accepted events, {hook.Requests.Select(request => request.EventId).Distinct(StringComparer.Ordinal).Count()} arrived",
            TimeSpan.FromMinutes(3)
        );
        await Eventually.QueuesAreEmpty(app);
        Assert.Subset(
            (await subscription.Attempts("delivered")).Select(attempt => attempt.EventId).ToHashSet(StringComparer.Ordinal),
            accepted.ToHashSet(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Long_cooldown_is_kept_when_the_app_is_killed()
    {
        await using var receiver = await Receiver.Start();
        await using var app = await AppProcess.Start(("Logging__LogLevel__EventSubscriptions.Deliveries.DeliveryScheduler", "Debug"));
        var organization = Organization.New(app);
        var hook = receiver.NewHook().Responds(503);
        hook.RetryAfter = 180;
        var subscription = await organization.Subscribe(hook);
        await organization.PublishCase(eventId: "first");
        await Scheduled(app, 1);
        var rest = Assert.Single(await subscription.Attempts("throttled")).NextAttemptAt!.Value;

        await app.Kill();
        hook.Responds(200).RetryAfter = null;
        await app.StartAgain();
        await organization.PublishCase(eventId: "second");
        await Scheduled(app, 2);

        Assert.Equal(1, hook.Count);
        var held = Assert.Single(PostponedUntil().Matches(app.Output));
        Assert.InRange(
            DateTimeOffset.Parse(held.Groups["until"].Value, CultureInfo.InvariantCulture),
            rest - TimeSpan.FromSeconds(1),
            rest + TimeSpan.FromSeconds(1)
        );

        // It was the rest that held it: a change of the subscription ends that.
        await subscription.Change(new { description = "Changed." });
        await organization.PublishCase(eventId: "third");
        await hook.Received("third");
        Assert.Equal(["first", "third"], hook.Requests.Select(request => request.EventId));
    }

    private static async Task Scheduled(AppProcess app, int messages) =>
        await Eventually.Get(
            () => AppQueues.Of(app.AsAdmin()),
            queues => queues.Sum(queue => queue.Scheduled) == messages && queues.Sum(queue => queue.Active) == 0,
            queues => $"{messages} scheduled messages: {string.Join(", ", queues)}"
        );

    [GeneratedRegex(@"event second .* until (?<until>\S+) \(postponement", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex PostponedUntil();

    /// <summary>The ids that were responded with 202.</summary>
    private static async Task<List<string>> PublishUntilTheAppIsGone(Organization organization, int publisher)
    {
        var accepted = new List<string>();
        try
        {
            while (true)
            {
                accepted.Add(await organization.PublishCase(eventId: $"accepted-{publisher}-{accepted.Count}"));
            }
        }
        catch (HttpRequestException)
        {
            return accepted;
        }
    }
}
