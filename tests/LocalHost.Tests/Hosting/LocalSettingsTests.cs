using LocalHost.Hosting;
using Microsoft.Extensions.Configuration;

namespace LocalHost.Tests.Hosting;

public sealed class LocalSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Local_settings_generate_secrets_at_the_first_start_and_keep_them()
    {
        var first = LocalSettings.For(_folder.Path, Environment(), hasData: false);
        var second = LocalSettings.For(_folder.Path, Environment(), hasData: false);

        Assert.Equal(first.Settings, second.Settings);
        Assert.Equal((true, false), (first.IsNewAdminKey, second.IsNewAdminKey));
        Assert.True(first.Settings["Access:AdminKey"]!.Length >= 32);
        Assert.Equal(32, Convert.FromBase64String(first.Settings["Secrets:Keys"]!.Split(':')[1]).Length);
    }

    [Fact]
    public void Local_settings_generate_keys_with_unique_ids()
    {
        using var other = new TemporaryFolder();

        Assert.NotEqual(
            LocalSettings.For(_folder.Path, Environment(), hasData: false).Settings["Secrets:Keys"]!.Split(':')[0],
            LocalSettings.For(other.Path, Environment(), hasData: false).Settings["Secrets:Keys"]!.Split(':')[0]
        );
    }

    [Fact]
    public void Local_settings_generate_no_key_for_data_that_another_key_encrypted()
    {
        var message = Assert.Throws<StartupException>(() => LocalSettings.For(_folder.Path, Environment(), hasData: true)).Message;

        Assert.Contains("Secrets__Keys", message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void Local_settings_are_readable_by_their_owner_only()
    {
        LocalSettings.For(_folder.Path, Environment(), hasData: false);

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite,
                File.GetUnixFileMode(Path.Combine(_folder.Path, LocalSettings.FileName))
            );
        }
    }

    [Fact]
    public void Local_settings_point_at_the_data_folder()
    {
        var (settings, _) = LocalSettings.For(_folder.Path, Environment(), hasData: false);

        Assert.Equal((LocalSettings.UseDataFolder, LocalSettings.UseDataFolder), (settings["Tables"], settings["ServiceBus"]));
    }

    [Theory]
    [InlineData("Tables", "Tables")]
    [InlineData("Tables:serviceUri", "Tables")]
    [InlineData("ServiceBus:fullyQualifiedNamespace", "ServiceBus")]
    [InlineData("Access:AdminKey", "Access:AdminKey")]
    [InlineData("Secrets:Keys", "Secrets:Keys")]
    public void Local_settings_omit_what_the_environment_sets(string name, string leftOut) =>
        Assert.DoesNotContain(leftOut, LocalSettings.For(_folder.Path, Environment((name, "x")), hasData: false).Settings);

    [Fact]
    public void Local_settings_keep_nothing_when_the_environment_sets_all_secrets()
    {
        LocalSettings.For(_folder.Path, Environment(("Access:AdminKey", "a"), ("Secrets:Keys", "b")), hasData: true);

        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void Local_settings_name_a_damaged_secrets_file_without_quoting_it()
    {
        File.WriteAllText(Path.Combine(_folder.Path, LocalSettings.FileName), """{"Access:AdminKey": hunter2""");

        var message = Assert.Throws<StartupException>(() => LocalSettings.For(_folder.Path, Environment(), hasData: false)).Message;

        Assert.Contains(LocalSettings.FileName, message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0 * * * * *", "0 * * * * *")]
    [InlineData("%Schedule%", "0 0 3 * * *")]
    [InlineData("a %Schedule% b %Other%", "a 0 0 3 * * * b x")]
    [InlineData("50% of it", "50% of it")]
    public void Setting_reference_is_replaced_by_its_value(string text, string expected) =>
        Assert.Equal(expected, SettingReference.Resolve(text, "Poll", Environment(("Schedule", "0 0 3 * * *"), ("Other", "x"))));

    [Fact]
    public void Setting_reference_without_a_value_is_refused_by_name()
    {
        var message = Assert
            .Throws<StartupException>(() => SettingReference.Resolve("%RelaySchedule%", "PollRelay", Environment()))
            .Message;

        Assert.Contains("RelaySchedule", message, StringComparison.Ordinal);
        Assert.Contains("PollRelay", message, StringComparison.Ordinal);
    }

    private static IConfigurationRoot Environment(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, string? (setting) => setting.Value))
            .Build();
}
