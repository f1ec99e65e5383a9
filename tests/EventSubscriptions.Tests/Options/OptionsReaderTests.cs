using EventSubscriptions.Options;
using EventSubscriptions.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Options;

public sealed class OptionsReaderTests
{
    [Fact]
    public void Errors_are_all_reported_by_setting()
    {
        var services = Services(("Some__Count", "0"), ("Some__On", "perhaps"), ("Some__Wait", "30"), ("Some__Waits", "00:00:01,1"))
            .AddStorage()
            .AddSettings(reader => new
            {
                Count = reader.Number("Some__Count", 5, 1, 10),
                On = reader.Boolean("Some__On", false),
                Wait = reader.Duration("Some__Wait", TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromMinutes(1)),
                Waits = reader.Durations("Some__Waits", [], TimeSpan.Zero, TimeSpan.FromMinutes(1), 10),
            });

        var refusal = Assert.Throws<InvalidSettingsException>(() => services.BuildServiceProvider().CheckSettings());

        Assert.Equal(
            ["Tables", "ServiceBus", "Some__Count", "Some__On", "Some__Wait", "Some__Waits"],
            refusal.Message.Split('\n').Skip(1).Select(line => line.Trim().Split(' ')[0])
        );
    }

    [Fact]
    public void Settings_are_read_or_have_their_default()
    {
        var reader = new OptionsReader(
            Configuration(
                ("Some__Wait", "1.02:03:04.5"),
                ("Some__Waits", "00:00:05, 00:01:00"),
                ("Some__On", "true"),
                ("Some__Count", "7"),
                ("Some__Empty", "")
            )
        );

        Assert.Equal(new TimeSpan(1, 2, 3, 4, 500), reader.Duration("Some__Wait", TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromDays(2)));
        Assert.Equal(
            [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1)],
            reader.Durations("Some__Waits", [], TimeSpan.Zero, TimeSpan.FromDays(1), 2)
        );
        Assert.True(reader.Boolean("Some__On", false));
        Assert.Equal(7, reader.Number("Some__Count", 1, 1, 10));
        Assert.Equal(1, reader.Number("Some__Other", 1, 1, 10));
        Assert.Null(reader.Text("Some__Empty"));
        Assert.Empty(reader.Errors);
    }

    [Fact]
    public void Unresolved_vault_reference_counts_as_absent()
    {
        var reader = new OptionsReader(Configuration(("Some__Key", "@Microsoft.KeyVault(VaultName=kv-1;SecretName=some-key)")));

        Assert.Null(reader.Text("Some__Key"));
        Assert.Null(reader.RequiredText("Some__Key"));
        Assert.StartsWith(
            "Some__Key refers to a Key Vault secret that can't be read",
            Assert.Single(reader.Errors),
            StringComparison.Ordinal
        );
    }

    private static IServiceCollection Services(params (string Name, string Value)[] settings) =>
        new ServiceCollection().AddSingleton(Configuration(settings));

    private static IConfiguration Configuration(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(
                settings.Select(setting =>
                    KeyValuePair.Create(setting.Name.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value)
                )
            )
            .Build();
}
