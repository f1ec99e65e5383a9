using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EventSubscriptions.Tests.Scenarios.Harness;
using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>From a stand-in for Relay through the app to a receiver's POST.</summary>
public sealed class RelayScenarios : IAsyncLifetime
{
    private const int MaxConcurrentCalls = 256;

    private RelayServer _relay = null!;
    private Receiver _receiver = null!;

    public async Task InitializeAsync() => (_relay, _receiver) = (await RelayServer.Start(), await Receiver.Start());

    public async Task DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task Each_sample_of_the_document_arrives_as_the_example_of_the_catalogue()
    {
        var account = _relay.NewAccount();
        await using var app = await Start((account, 1));
        var hook = _receiver.NewHook();
        await new Organization(app.AsAdmin(), 1).Subscribe(hook);
        var expected = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in RelaySamples.Names)
        {
            // Apart from id and time, which must be its own and of these days.
            var (id, at) = (Guid.NewGuid().ToString("N"), DateTimeOffset.UtcNow.AddMinutes(-expected.Count));
            var sample = JsonNode.Parse(RelaySamples.Answer(name))!.AsArray()[0]!.DeepClone().AsObject();
            var (sampleId, sampleTime) = ((string)sample["id"]!, (string)sample["timestamp"]!);
            sample["id"] = id;
            sample["timestamp"] = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
            account.Add(at, sample);
            var example = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Fixtures", "events", name + ".json"));
            expected[id] = example.TrimEnd('\n')
                .Replace($"\"relayEventId\":\"{sampleId}\"", $"\"relayEventId\":\"{id}\"", StringComparison.Ordinal)
                .Replace(sampleTime, (string)sample["timestamp"]!, StringComparison.Ordinal);
        }

        var requests = await hook.Received(expected.Count);

        Assert.Equal(5, expected.Count);
        Assert.All(expected, item => Assert.Equal(item.Value, Encoding.UTF8.GetString(requests.Single(request => request.EventId == item.Key).Body)));
    }

    [Fact]
    public async Task Every_one_of_10_000_events_in_7_days_with_2_500_of_one_moment_arrives_under_its_id()
    {
        var account = _relay.NewAccount();
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

        await Eventually.Until(
            () => Ids(hook).Count >= 10_000, () => $"10,000 events, {Ids(hook).Count} came", TimeSpan.FromMinutes(3));
        await Eventually.QueuesAreEmpty(app);

        Assert.Equal(10_000, expected.Count);
        Assert.Equal(expected, Ids(hook));
        Assert.Equal(10_000, hook.Count);
        Assert.Empty(await new Organization(app.AsAdmin(), 1).AuditLog("relay.gap"));
        Assert.Equal("healthy", (string)(await Health(app)).Single()["state"]!);
    }

    [Fact]
    public async Task No_event_is_lost_when_the_app_is_killed_after_the_queue_took_a_page_and_before_the_cursor_moved()
    {
        // While answers are in no order the cursor waits until they hold all there is, so that there is time to kill the app before it moves.
        var account = _relay.NewAccount();
        account.Order = RelayOrder.NewestFirst;
        var now = DateTimeOffset.UtcNow;
        var expected = Enumerable.Range(1, 2_500).Select(n => account.Add(now.AddMinutes(-n))).ToHashSet(StringComparer.Ordinal);
        var (started, hook) = await StartSubscribed(account);
        await using var app = started;

        await hook.Received(1);
        await app.Kill();
        var asked = account.Questions.Count;
        await app.StartAgain();
        await Eventually.Until(() => account.Questions.Count > asked, () => "a question after the start");
        Assert.InRange(account.Questions[asked].Oldest, DateTimeOffset.MinValue, now.AddDays(-6));

        await Eventually.Until(() => expected.IsSubsetOf(Ids(hook)), () => $"{expected.Count} events, {Ids(hook).Count} came", TimeSpan.FromMinutes(2));
        await Eventually.QueuesAreEmpty(app);
        Assert.Equal(expected, Ids(hook));
        Assert.InRange(hook.Count - expected.Count, 0, MaxConcurrentCalls);
    }

    [Fact]
    public async Task No_event_is_lost_when_the_app_is_killed_time_and_again_while_it_polls()
    {
        var account = _relay.NewAccount();
        var expected = Enumerable.Range(0, 1_500).Select(n => account.Add(DateTimeOffset.UtcNow.AddMinutes(n - 1_600))).ToHashSet(StringComparer.Ordinal);
        var (started, hook) = await StartSubscribed(account);
        await using var app = started;
        var random = new Random(1);
        for (var kills = 0; kills < 3; kills++)
        {
            var asked = account.Questions.Count;
            await Eventually.Until(() => account.Questions.Count >= asked + 3, () => "three questions");
            await Task.Delay(random.Next(30));
            await app.Kill();
            await app.StartAgain();
        }

        await Eventually.Until(() => expected.IsSubsetOf(Ids(hook)), () => $"{expected.Count} events, {Ids(hook).Count} came", TimeSpan.FromMinutes(2));
        await Eventually.QueuesAreEmpty(app);
        Assert.Equal(expected, Ids(hook));
        Assert.InRange(hook.Count - expected.Count, 0, 3 * MaxConcurrentCalls);
    }

    [Fact]
    public async Task Failing_subscriber_is_audited_when_that_begins_and_ends_shows_in_health_and_holds_up_nobody()
    {
        var (failing, fine) = (_relay.NewAccount(), _relay.NewAccount());
        failing.Refuse(StatusCodes.Status401Unauthorized, $"The key {failing.ApiKey} is not known.");
        await using var app = await Start((failing, 1), (fine, 2));
        var (first, second) = (new Organization(app.AsAdmin(), 1), new Organization(app.AsAdmin(), 2));
        var (hook, otherHook) = (_receiver.NewHook(), _receiver.NewHook());
        await first.Subscribe(hook);
        await second.Subscribe(otherHook);
        await otherHook.Received(fine.Add(DateTimeOffset.UtcNow));
        await first.Audited("relay.failed", 1);
        await otherHook.Received(fine.Add(DateTimeOffset.UtcNow));

        var health = await Health(app);
        Assert.Equal([(failing.Id, 1, "failing"), (fine.Id, 2, "healthy")], health.Select(one => ((string)one["subscriberId"]!, (int)one["organizationId"]!, (string)one["state"]!)));
        Assert.Equal(("status", true, true), ((string)health[0]["error"]!["kind"]!, health[0]["lastSuccessfulPollAt"] is null, health[0]["lagSeconds"] is null));
        Assert.InRange((long)health[1]["lagSeconds"]!, 0, 60);
        var bound = app.As(await Keys.Create(app, "read", organizationId: 2));
        Assert.Equal(fine.Id, (string)Assert.Single((await bound.Get("/api/health")).Json["relay"]!.AsArray())!["subscriberId"]!);
        Assert.Null((await app.As(null).Get("/api/health")).Json["relay"]);

        failing.Behave();
        await hook.Received(failing.Add(DateTimeOffset.UtcNow));
        await first.Audited("relay.recovered", 1);

        var failed = Assert.Single(await first.AuditLog("relay.failed"));
        Assert.Equal((401, "The key *** is not known."), ((int)failed["statusCode"]!, (string)failed["responseSnippet"]!));
        Assert.DoesNotContain(await second.AuditLog(), entry => ((string)entry["type"]!).StartsWith("relay.", StringComparison.Ordinal));
        Assert.Equal(0, await app.Stop());
        Assert.DoesNotContain(failing.ApiKey, app.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(fine.ApiKey, app.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_wrong_without_subscribers()
    {
        await using var app = await Start();

        Assert.Empty(await Health(app));
        Assert.Equal(0, await app.Stop());
    }

    [Fact]
    public async Task Start_is_refused_with_every_mistake_by_its_setting()
    {
        await using var app = AppProcess.Create(
            ("Relay__BaseAddress", "http://relay.example"),
            ("Relay__Subscribers__0__SubscriberId", "one"),
            ("Relay__Subscribers__0__ApiKey", "a key with blanks"),
            ("Relay__Subscribers__1__SubscriberID", "two"));

        Assert.NotEqual(0, await app.RunToEnd());

        foreach (var name in (string[])["Relay__BaseAddress", "Relay__Subscribers__0__ApiKey", "Relay__Subscribers__0__OrganizationId", "Relay__Subscribers__1__ApiKey", "Relay__Subscribers__1__OrganizationId"])
        {
            Assert.Contains(name + " ", app.Output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("a key with blanks", app.Output, StringComparison.Ordinal);
    }

    private static HashSet<string> Ids(Hook hook) => hook.Requests.Select(request => request.EventId).ToHashSet(StringComparer.Ordinal);

    private static async Task<IReadOnlyList<JsonNode>> Health(AppProcess app) =>
        [.. (await app.AsAdmin().Get("/api/health")).Expect(HttpStatusCode.OK).Json["relay"]!.AsArray().Select(one => one!)];

    /// <summary>An app that gets its first answer when a receiver is subscribed to all events.</summary>
    private async Task<(AppProcess App, Hook Hook)> StartSubscribed(RelayAccount account)
    {
        var subscribed = new TaskCompletionSource();
        account.Misbehave = async _ =>
        {
            await subscribed.Task;
            return false;
        };
        var app = await Start((account, 1));
        var hook = _receiver.NewHook();
        await new Organization(app.AsAdmin(), 1).Subscribe(hook);
        account.Behave();
        subscribed.SetResult();
        return (app, hook);
    }

    /// <summary>An app that polls every second.</summary>
    private async Task<AppProcess> Start(params (RelayAccount Account, int Organization)[] subscribers)
    {
        List<(string, string)> settings = [("RelaySchedule", "* * * * * *"), ("Relay__BaseAddress", _relay.Address.OriginalString)];
        foreach (var (index, (account, organization)) in subscribers.Index())
        {
            var prefix = $"Relay__Subscribers__{index}__";
            settings.AddRange(
                [(prefix + "SubscriberId", account.Id), (prefix + "ApiKey", account.ApiKey), (prefix + "OrganizationId", organization.ToString(CultureInfo.InvariantCulture))]);
        }

        return await AppProcess.Start([.. settings]);
    }
}
