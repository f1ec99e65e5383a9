using System.Globalization;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>A stand-in for Relay, a receiver, and the app in between.</summary>
public abstract class RelayScenario : IAsyncLifetime
{
    private protected RelayServer Relay { get; private set; } = null!;

    private protected Receiver Receiver { get; private set; } = null!;

    public async Task InitializeAsync() => (Relay, Receiver) = (await RelayServer.Start(), await Receiver.Start());

    public async Task DisposeAsync()
    {
        await Relay.DisposeAsync();
        await Receiver.DisposeAsync();
    }

    /// <summary>An app that gets its first response when a receiver is subscribed to all events.</summary>
    private protected async Task<(AppProcess App, Hook Hook)> StartSubscribed(RelayAccount account)
    {
        var subscribed = new TaskCompletionSource();
        account.Misbehave = async _ =>
        {
            await subscribed.Task;
            return false;
        };
        var app = await Start((account, 1));
        var hook = Receiver.NewHook();
        await new Organization(app.AsAdmin(), 1).Subscribe(hook);
        account.Behave();
        subscribed.SetResult();
        return (app, hook);
    }

    /// <summary>An app that polls every second.</summary>
    private protected async Task<AppProcess> Start(params (RelayAccount Account, int Organization)[] subscribers)
    {
        List<(string, string)> settings = [("RelaySchedule", "* * * * * *"), ("Relay__BaseAddress", Relay.Address.OriginalString)];
        foreach (var (index, (account, organization)) in subscribers.Index())
        {
            var prefix = $"Relay__Subscribers__{index}__";
            settings.AddRange([
                (prefix + "SubscriberId", account.Id),
                (prefix + "ApiKey", account.ApiKey),
                (prefix + "OrganizationId", organization.ToString(CultureInfo.InvariantCulture)),
            ]);
        }

        return await AppProcess.Start([.. settings]);
    }

    /// <summary>Waits until all events have come and nothing is under way.</summary>
    private protected static async Task AllArrive(HashSet<string> expected, Hook hook, AppProcess app)
    {
        await Eventually.Until(
            () => hook.Count >= expected.Count && expected.IsSubsetOf(Ids(hook)),
            () => $"{expected.Count} events, {Ids(hook).Count} came",
            TimeSpan.FromMinutes(3)
        );
        await Eventually.QueuesAreEmpty(app);
        Assert.Equal(expected, Ids(hook));
    }

    private protected static HashSet<string> Ids(Hook hook) =>
        hook.Requests.Select(request => request.EventId).ToHashSet(StringComparer.Ordinal);

    private protected static async Task<IReadOnlyList<RelayHealthResult>> Health(AppProcess app) =>
        (await app.AsAdmin().Get<HealthResult>("/api/health")).Relay!;
}
