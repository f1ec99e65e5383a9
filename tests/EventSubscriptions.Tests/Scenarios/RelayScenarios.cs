using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EventSubscriptions.Tests.Scenarios.Harness;
using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>From a fake Relay through the app to a receiver.</summary>
public sealed class RelayScenarios : RelayScenario
{
    [Fact]
    public async Task Sample_of_each_Relay_event_is_delivered_as_in_the_catalogue()
    {
        var account = Relay.NewAccount();
        await using var app = await Start((account, 1));
        var hook = Receiver.NewHook();
        await new Organization(app.AsAdmin(), 1).Subscribe(hook);
        var expected = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in RelaySamples.Names)
        {
            // With a new id and a current timestamp.
            var (id, at) = (Guid.NewGuid().ToString("N"), DateTimeOffset.UtcNow.AddMinutes(-expected.Count));
            var sample = JsonNode.Parse(RelaySamples.Response(name))!.AsArray()[0]!.DeepClone().AsObject();
            var (sampleId, sampleTime) = ((string)sample["id"]!, (string)sample["timestamp"]!);
            sample["id"] = id;
            sample["timestamp"] = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
            account.Add(at, sample);
            var example = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Fixtures", "events", name + ".json"));
            expected[id] = example
                .TrimEnd('\n')
                .Replace($"\"relayEventId\":\"{sampleId}\"", $"\"relayEventId\":\"{id}\"", StringComparison.Ordinal)
                .Replace(sampleTime, (string)sample["timestamp"]!, StringComparison.Ordinal);
        }

        var requests = await hook.Received(expected.Count);

        Assert.Equal(5, expected.Count);
        Assert.All(
            expected,
            item => Assert.Equal(item.Value, Encoding.UTF8.GetString(requests.Single(request => request.EventId == item.Key).Body))
        );
    }

    [Fact]
    public async Task Failing_subscriber_is_audited_and_unhealthy_and_does_not_block_others()
    {
        var (failing, fine) = (Relay.NewAccount(), Relay.NewAccount());
        failing.Refuse(StatusCodes.Status401Unauthorized, $"The key {failing.ApiKey} is not known.");
        await using var app = await Start((failing, 1), (fine, 2));
        var (first, second) = (new Organization(app.AsAdmin(), 1), new Organization(app.AsAdmin(), 2));
        var (hook, otherHook) = (Receiver.NewHook(), Receiver.NewHook());
        await first.Subscribe(hook);
        await second.Subscribe(otherHook);
        await otherHook.Received(fine.Add(DateTimeOffset.UtcNow));
        await first.Audited("relay.failed", 1);
        await otherHook.Received(fine.Add(DateTimeOffset.UtcNow));

        var health = await Health(app);
        Assert.Equal(
            [(failing.Id, 1, "failing"), (fine.Id, 2, "healthy")],
            health.Select(one => (one.SubscriberId, one.OrganizationId, one.State))
        );
        Assert.Equal(("status", true, true), (health[0].Error!.Kind, health[0].LastSuccessfulPollAt is null, health[0].LagSeconds is null));
        Assert.InRange(health[1].LagSeconds!.Value, 0, 60);
        var bound = app.As(await Keys.Create(app, "read", organizationId: 2));
        Assert.Equal(fine.Id, Assert.Single((await bound.Get<HealthResult>("/api/health")).Relay!).SubscriberId);
        Assert.Null((await app.As(null).Get<HealthResult>("/api/health")).Relay);

        failing.Behave();
        await hook.Received(failing.Add(DateTimeOffset.UtcNow));
        await first.Audited("relay.recovered", 1);

        var failed = Assert.Single(await first.AuditLog("relay.failed"));
        Assert.Equal((401, "The key *** is not known."), (failed.StatusCode, failed.ResponseSnippet));
        Assert.DoesNotContain(await second.AuditLog(), entry => entry.Type.StartsWith("relay.", StringComparison.Ordinal));
        Assert.Equal(0, await app.Stop());
        Assert.DoesNotContain(failing.ApiKey, app.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(fine.ApiKey, app.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task App_runs_without_Relay_subscribers()
    {
        await using var app = await Start();

        Assert.Empty(await Health(app));
        Assert.Equal(0, await app.Stop());
    }

    [Fact]
    public async Task Start_fails_with_all_invalid_settings()
    {
        await using var app = AppProcess.Create(
            ("Relay__BaseAddress", "http://relay.example"),
            ("Relay__Subscribers__0__SubscriberId", "one"),
            ("Relay__Subscribers__0__ApiKey", "a key with blanks"),
            ("Relay__Subscribers__1__SubscriberID", "two")
        );

        Assert.NotEqual(0, await app.RunToEnd());

        foreach (
            var name in (string[])
                [
                    "Relay__BaseAddress",
                    "Relay__Subscribers__0__ApiKey",
                    "Relay__Subscribers__0__OrganizationId",
                    "Relay__Subscribers__1__ApiKey",
                    "Relay__Subscribers__1__OrganizationId",
                ]
        )
        {
            Assert.Contains(name + " ", app.Output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("a key with blanks", app.Output, StringComparison.Ordinal);
    }
}
