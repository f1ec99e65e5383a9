using System.Net;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class FullDiskScenarios
{
    [FactWhereMountable]
    public async Task App_is_unhealthy_while_the_disk_is_full_and_recovers_without_losing_anything()
    {
        using var disk = SmallDisk.Mount("256m");
        await using var receiver = await Receiver.Start();
        await using var app = AppProcess.CreateOn(disk.NewFolder(), [], ("LocalHost__MinimumFreeSpace", "0"));
        await app.StartAgain();
        var organization = Organization.New(app);
        var hook = receiver.NewHook();
        await organization.Subscribe(hook);

        using var stop = new CancellationTokenSource();
        var publishers = Enumerable.Range(0, 4).Select(number => Publish(organization, number, stop.Token)).ToList();
        await hook.Received(20);
        disk.Fill();
        await Eventually.Until(
            async () => await Health(app) == HttpStatusCode.ServiceUnavailable,
            () => "an unhealthy app",
            TimeSpan.FromMinutes(3)
        );
        Assert.Equal(
            HttpStatusCode.ServiceUnavailable,
            (await organization.Api.Send(HttpMethod.Post, $"{organization.Path}/events", Event("full"))).Status
        );
        var whileFull = hook.Count;

        disk.MakeRoom();
        await Eventually.Until(async () => await Health(app) == HttpStatusCode.OK, () => $"a healthy app:\n{app.Output}");
        await Eventually.Until(() => hook.Count > whileFull, () => "deliveries again");
        await stop.CancelAsync();

        var accepted = (await Task.WhenAll(publishers)).SelectMany(ids => ids).ToHashSet(StringComparer.Ordinal);
        await Eventually.Until(
            () => accepted.IsSubsetOf(hook.Requests.Select(request => request.EventId)),
            () =>
                $"all {accepted.Count} accepted events, {hook.Requests.Select(request => request.EventId).Distinct(StringComparer.Ordinal).Count()} arrived"
        );
    }

    [FactWhereMountable]
    public async Task Publishing_stops_before_the_disk_is_full_and_deliveries_continue()
    {
        using var disk = SmallDisk.Mount("256m");
        await using var receiver = await Receiver.Start();
        await using var app = AppProcess.CreateOn(disk.NewFolder(), [], ("LocalHost__MinimumFreeSpace", "1000000000"));
        await app.StartAgain();
        var organization = Organization.New(app);
        var hook = receiver.NewHook();
        var subscription = await organization.Subscribe(hook);

        for (var attempt = 0; attempt < 3; attempt++)
        {
            Assert.Equal(
                HttpStatusCode.ServiceUnavailable,
                (await organization.Api.Send(HttpMethod.Post, $"{organization.Path}/events", Event("refused"))).Status
            );
        }

        Assert.Single(app.Output.Split('\n'), line => line.Contains("warn:", StringComparison.Ordinal));
        (await organization.Api.Send(HttpMethod.Post, $"{subscription.Path}/test")).Expect(HttpStatusCode.OK);
        Assert.Equal(1, hook.Count);
    }

    [FactWhereMountable]
    public async Task Start_fails_with_advice_when_the_data_folder_cannot_be_written()
    {
        using var disk = SmallDisk.Mount("64m");
        await using var app = AppProcess.CreateOn(disk.NewFolder(), []);
        await app.StartAgain();
        await app.Stop();
        disk.MakeReadOnly();

        Assert.Equal(1, await app.RunToEnd());
        var last = app.Output.Split('\n')[^1];
        Assert.Contains("ead-only file system", last, StringComparison.Ordinal);
        Assert.Contains($"The data folder {app.Folder}", last, StringComparison.Ordinal);
        Assert.Contains("--data", last, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> Health(AppProcess app) => (await app.As(null).Get("/api/health")).Status;

    private static string Event(string id) =>
        $$$"""{"id":"{{{id}}}","eventName":"{{{Some.CaseEvent}}}","data":{"id":"{{{id}}}","name":"{{{new string('x', 120_000)}}}"}}""";

    /// <summary>The ids that were responded with 202.</summary>
    private static async Task<List<string>> Publish(Organization organization, int publisher, CancellationToken cancellationToken)
    {
        var accepted = new List<string>();
        for (var number = 0; !cancellationToken.IsCancellationRequested; number++)
        {
            var id = $"disk-{publisher}-{number}";
            var response = await organization.Api.Send(HttpMethod.Post, $"{organization.Path}/events", Event(id));
            if (response.Status == HttpStatusCode.Accepted)
            {
                accepted.Add(id);
            }
            else
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, response.Status);
                await Task.Delay(50, CancellationToken.None);
            }
        }

        return accepted;
    }
}
