using System.Net;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class OutageScenarios
{
    private const int Subscriptions = 3;
    private static readonly TimeSpan s_outage = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_recovery = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Nothing_is_lost_or_dead_lettered_when_the_tables_are_unavailable_for_20_seconds_under_load()
    {
        var folder = Directory.CreateTempSubdirectory("azurite-");
        try
        {
            await using var azurite = await AzuriteServer.StartAsync(folder.FullName);
            await using var receiver = await Receiver.Start();
            await using var app = await AppProcess.Start(("Tables", azurite.ConnectionString));
            var organization = Organization.New(app);
            var hooks = Enumerable.Range(0, Subscriptions).Select(_ => receiver.NewHook()).ToList();
            foreach (var hook in hooks)
            {
                await organization.Subscribe(hook);
            }

            using var enough = new CancellationTokenSource();
            var publishing = PublishUntil(organization, enough.Token);
            await hooks[0].Received(20);
            await azurite.StopAsync();
            await Task.Delay(s_outage);
            await azurite.StartAgainAsync();
            var reached = hooks[0].Count;
            await hooks[0].Received(reached + 20, s_recovery);
            await enough.CancelAsync();

            var published = await publishing;
            await Eventually.Until(
                () => hooks.All(hook => published.IsSubsetOf(hook.Requests.Select(request => request.EventId))),
                () =>
                    $"{published.Count} events everywhere; {string.Join(", ", hooks.Select(hook => hook.Requests.Select(request => request.EventId).Distinct(StringComparer.Ordinal).Count()))} arrived",
                s_recovery
            );
            await Eventually.QueuesAreEmpty(app);
            Assert.Empty(await organization.AuditLog("delivery.deadLettered"));
            Assert.Empty(await organization.AuditLog("event.deadLettered"));
            Assert.Empty(await organization.AuditLog("delivery.failed"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Publishes one event after the other. What is not accepted is sent again with the same id, as a producer should.</summary>
    private static async Task<HashSet<string>> PublishUntil(Organization organization, CancellationToken enough)
    {
        var published = new HashSet<string>(StringComparer.Ordinal);
        while (!enough.IsCancellationRequested)
        {
            var id = $"outage-{published.Count}";
            var body = new
            {
                eventName = Some.CaseEvent,
                data = Some.CaseData(id),
                id,
            };
            if ((await organization.Api.Post(organization.Path + "/events", body)).Status == HttpStatusCode.Accepted)
            {
                published.Add(id);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }

        return published;
    }
}
