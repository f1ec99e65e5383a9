using System.Net;
using LocalHost.Hosting;
using Microsoft.Extensions.Configuration;

namespace LocalHost.Tests.Hosting;

public sealed class BackupTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _copies = new();

    private string Copy => Path.Combine(_copies.Path, "copy");

    public void Dispose()
    {
        _folder.Dispose();
        _copies.Dispose();
    }

    [Fact]
    public async Task Backup_of_a_running_host_starts_with_its_keys()
    {
        string? key;
        await using (var host = await TestHost.StartAsync([], setup: new Setup { Folder = _folder.Path }))
        {
            await RequestAsync();
            key = AdminKeyOf(host);
        }

        await using var restored = await TestHost.StartAsync([], setup: new Setup { Folder = Copy });

        Assert.Equal(key, AdminKeyOf(restored));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Copy, LocalSettings.FileName)));
        }
    }

    [Fact]
    public async Task Backup_is_refused_for_a_folder_that_exists()
    {
        Directory.CreateDirectory(Copy);
        await using var host = await TestHost.StartAsync([], setup: new Setup { Folder = _folder.Path });

        Assert.Contains("already exists", (await Assert.ThrowsAsync<StartupException>(RequestAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backup_fails_with_advice_when_no_host_runs()
    {
        await using (await TestHost.StartAsync([], setup: new Setup { Folder = _folder.Path })) { }

        Assert.Contains("can be copied", (await Assert.ThrowsAsync<StartupException>(RequestAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backup_is_refused_for_a_folder_without_data() =>
        Assert.Equal(
            $"There is no data in {_folder.Path}. Name the folder of the running app with --data.",
            (await Assert.ThrowsAsync<StartupException>(RequestAsync)).Message
        );

    [Fact]
    public async Task Backup_needs_the_admin_key()
    {
        await using var host = await TestHost.StartAsync([], setup: new Setup { Folder = _folder.Path });

        var response = await host.Client.PostAsync($"{Backup.Route}?to={Uri.EscapeDataString(Copy)}", content: null);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.False(Directory.Exists(Copy));
    }

    private Task RequestAsync() =>
        Backup.RequestAsync(CommandLine.Parse(["backup", Copy, "--data", _folder.Path]), new ConfigurationBuilder().Build());

    private static string? AdminKeyOf(TestHost host) =>
        ((IConfiguration)host.Services.GetService(typeof(IConfiguration))!)[LocalSettings.AdminKey];
}
