using System.Diagnostics;

namespace EventSubscriptions.Tests.Scenarios;

public sealed class BackupScenarios
{
    [Fact]
    public async Task Backup_under_load_has_all_accepted_events_and_delivers_them_when_it_is_resumed()
    {
        await using var receiver = await Receiver.Start();

        // More than a minute, so that no delivery ends before the backup is made on a busy machine.
        var schedule = string.Join(',', Enumerable.Repeat("00:00:05", 15));
        await using var app = await AppProcess.Start(("Deliveries__RetrySchedule", schedule));
        var organization = Organization.New(app);
        var hook = receiver.NewHook();
        hook.Responds(500);
        await organization.Subscribe(hook);
        var before = await organization.PublishCases(300, "before");
        using var copies = new TemporaryFolder();
        var copy = Path.Combine(copies.Path, "copy");

        using var stop = new CancellationTokenSource();
        var load = PublishUntil(organization, stop.Token);
        Assert.Equal((0, ""), await Run("backup", copy, "--data", app.Folder, app.AdminKey));
        await stop.CancelAsync();
        await load;
        await app.Kill();

        hook.Responds(200);
        var seen = hook.Count;
        await using (var paused = AppProcess.CreateOn(copy, ["--paused"]))
        {
            await paused.StartAgain();
            Assert.Contains(await AppQueues.Of(paused.AsAdmin()), queue => queue is { Name: "deliveries", IsEmpty: false });
            await paused.Stop();
            Assert.Equal(seen, hook.Count);
        }

        await using var restored = AppProcess.CreateOn(copy, []);
        await restored.StartAgain();
        await Eventually.Until(
            () => before.ToHashSet(StringComparer.Ordinal).IsSubsetOf(hook.Requests.Skip(seen).Select(request => request.EventId)),
            () => $"all {before.Count} events from the copy, {hook.Count - seen} requests came"
        );
    }

    private static async Task PublishUntil(Organization organization, CancellationToken cancellationToken)
    {
        for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            await organization.PublishCase(eventId: $"meanwhile-{i}");
        }
    }

    private static async Task<(int ExitCode, string Error)> Run(
        string command,
        string target,
        string option,
        string folder,
        string adminKey
    )
    {
        var start = new ProcessStartInfo(Repository.AppProgram, [command, target, option, folder])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["Access__AdminKey"] = adminKey;
        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, error);
    }
}
