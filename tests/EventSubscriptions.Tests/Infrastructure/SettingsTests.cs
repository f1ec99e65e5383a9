using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using EventSubscriptions.Options;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>Each setting is one thing in the code, the template, the sample and the README.</summary>
public sealed class SettingsTests
{
    /// <summary>What Bicep sets for others than the app's own code.</summary>
    private static readonly string[] s_platform =
    [
        "AzureWebJobsStorage__accountName",
        "AzureWebJobsStorage__credential",
        "AzureWebJobsStorage__clientId", // the Functions host
        "ServiceBus__credential",
        "ServiceBus__clientId", // its triggers
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING", // its telemetry
        "AZURE_CLIENT_ID",
        "AZURE_TOKEN_CREDENTIALS", // Azure.Identity
    ];

    /// <summary>Begins the name of what overrides <c>host.json</c>: the host's setting, which the app may ask for too.</summary>
    private const string HostJson = "AzureFunctionsJobHost__";

    /// <summary>A connection string, where Azure has an address and an identity.</summary>
    private static readonly string[] s_connectionStrings = ["Tables", "ServiceBus"];

    /// <summary>What the sample sets for the Functions host.</summary>
    private static readonly string[] s_coreTools = ["FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"];

    [Fact]
    public async Task Settings_without_a_default_are_set_in_Azure()
    {
        var set = await Template();
        var (_, required) = Code();

        Assert.NotEmpty(required);
        Assert.All(required, name => Assert.Contains(set, one => one == name || one.StartsWith($"{name}__", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_is_set_in_Azure_is_read_by_the_code_or_the_platform()
    {
        var (read, _) = Code();
        Assert.Empty((await Template()).Select(Indexed).Except(read.Select(Indexed)).Except(s_platform).Except(TriggerSettings()));
    }

    [Fact]
    public async Task Trigger_settings_are_set_in_Azure_from_their_one_declaration() =>
        Assert.Contains("settings.json", (await BicepFiles.Read("functionapp.bicep")).Loaded);

    [Fact]
    public void Sample_names_every_setting()
    {
        var (read, _) = Code();
        var azureOnly = read.Where(name =>
            s_connectionStrings.Any(connection => name.StartsWith($"{connection}__", StringComparison.Ordinal))
        );

        Assert.Equal(
            read.Except(azureOnly).Select(Indexed).Concat(TriggerSettings()).Concat(s_coreTools).Distinct().Order(StringComparer.Ordinal),
            Sample().Keys.Select(Indexed).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Sample_is_accepted_by_the_app_and_holds_no_secret_of_anybody()
    {
        var sample = Sample();
        var reader = new OptionsReader(
            new ConfigurationBuilder()
                .AddInMemoryCollection(
                    sample.Select(one => KeyValuePair.Create(one.Key.Replace("__", ":", StringComparison.Ordinal), (string?)one.Value))
                )
                .Build()
        );
        foreach (var read in Readers())
        {
            read.Invoke(null, [reader]);
        }

        Assert.Empty(reader.Errors);
        Assert.StartsWith("replace-", sample["Access__AdminKey"], StringComparison.Ordinal);
        Assert.Equal(new byte[32], Convert.FromBase64String(sample["Secrets__Keys"].Split(':')[1]));
    }

    [Fact]
    public void Sample_repeats_the_defaults_of_triggers() =>
        Assert.All(Declared(), setting => Assert.Equal(setting.Value, Sample()[setting.Key]));

    [Fact]
    public async Task Readme_explains_every_setting()
    {
        var readme = await File.ReadAllTextAsync(Repository.PathOf("README.md"));
        var (read, _) = Code();
        var explained = Regex.Matches(readme, "`([A-Za-z]\\w*)`").Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);

        Assert.All(read.Concat(TriggerSettings()), name => Assert.Contains(Indexed(name), explained));
    }

    /// <summary>The names that the code asks for, and those that it complains about where nothing is set.</summary>
    private static (IReadOnlyList<string> Read, IReadOnlyList<string> Required) Code()
    {
        var asked = new AskedSettings();
        var reader = new OptionsReader(asked);
        foreach (var method in Readers())
        {
            method.Invoke(null, [reader]);
        }

        Assert.NotEmpty(asked.Names);
        // Neither what overrides host.json nor an element of a list is a setting of the app.
        var read = asked.Names.Where(name =>
            !name.StartsWith(HostJson, StringComparison.Ordinal) && !s_platform.Contains(name) && !Regex.IsMatch(name, @"__\d+$")
        );
        return ([.. read.Order(StringComparer.Ordinal)], [.. reader.Errors.Select(error => error.Split(' ')[0])]);
    }

    private static IEnumerable<MethodInfo> Readers() =>
        from type in typeof(OptionsReader).Assembly.GetTypes()
        let method = type.GetMethod("Read", BindingFlags.Public | BindingFlags.Static, [typeof(OptionsReader)])
        where method is not null
        select method;

    private static async Task<IReadOnlyList<string>> Template()
    {
        var app = await BicepFiles.Read("functionapp.bicep");
        return [.. app.Variables["ownSettings"], .. app.Variables["relaySettings"], .. TriggerSettings()];
    }

    private static Dictionary<string, string>.KeyCollection TriggerSettings() => Declared().Keys;

    private static Dictionary<string, string> Declared() =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Repository.PathOf("infra", "settings.json")))!;

    private static Dictionary<string, string> Sample()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("local.settings.sample.json")));
        return file.RootElement.GetProperty("Values").Deserialize<Dictionary<string, string>>()!;
    }

    /// <summary>One name for all elements of a list.</summary>
    private static string Indexed(string name) => Regex.Replace(name, @"__(\d+|\$\{i\})__", "__N__");

    /// <summary>Settings of which none is set, and a note of what was asked for. Each list has one element.</summary>
    private sealed class AskedSettings : IConfiguration
    {
        private static readonly string[] s_lists = ["Relay:Subscribers", "Deliveries:ManagedIdentities"];

        public HashSet<string> Names { get; } = new(StringComparer.Ordinal);

        public string? this[string key]
        {
            get
            {
                Names.Add(key.Replace(":", "__", StringComparison.Ordinal));
                return null;
            }
            set => throw new NotSupportedException();
        }

        public IEnumerable<IConfigurationSection> GetChildren() => [];

        public IChangeToken GetReloadToken() => throw new NotSupportedException();

        public IConfigurationSection GetSection(string key) => new AskedSection(this, key);

        private sealed class AskedSection(AskedSettings all, string path) : IConfigurationSection
        {
            public string Key => path.Split(':')[^1];

            public string Path => path;

            public string? Value
            {
                get => all[path];
                set => throw new NotSupportedException();
            }

            public string? this[string key]
            {
                get => all[$"{path}:{key}"];
                set => throw new NotSupportedException();
            }

            public IEnumerable<IConfigurationSection> GetChildren() => s_lists.Contains(path) ? [GetSection("0")] : [];

            public IChangeToken GetReloadToken() => throw new NotSupportedException();

            public IConfigurationSection GetSection(string key) => new AskedSection(all, $"{path}:{key}");
        }
    }
}
