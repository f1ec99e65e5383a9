using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.RegularExpressions;
using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>The template is consistent in itself, and with the app.</summary>
public sealed class BicepTests
{
    // Microsoft Learn, "Azure built-in roles".
    private static readonly Dictionary<string, string> s_roles = new(StringComparer.Ordinal)
    {
        ["storageBlobDataOwner"] = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        ["storageBlobDataContributor"] = "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        ["storageTableDataContributor"] = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
        ["serviceBusDataOwner"] = "090c5cfd-751d-490a-894a-3ce6f1109419",
        ["keyVaultSecretsUser"] = "4633458b-17de-408a-b874-0445c86b69e6",
        ["keyVaultSecretsOfficer"] = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        ["monitoringMetricsPublisher"] = "3913510d-42f4-4e42-8a64-420c390055eb",
    };

    [Fact]
    public async Task Files_are_well_formed() =>
        Assert.All(
            await BicepFiles.All(),
            file => Assert.True(file.Value.Errors.Count == 0, $"{file.Key}: {string.Join("; ", file.Value.Errors)}")
        );

    [Fact]
    public async Task Modules_are_files_of_this_folder_and_each_is_used()
    {
        var files = await BicepFiles.All();
        var used = files.Values.SelectMany(file => file.Modules).Select(module => module.Path).ToList();

        Assert.Equal(
            files.Keys.Where(name => name != "main.bicep").Order(StringComparer.Ordinal),
            used.Distinct().Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Modules_are_given_what_they_take_and_nothing_else()
    {
        var files = await BicepFiles.All();

        Assert.All(
            files.Values.SelectMany(file => file.Modules),
            module =>
            {
                var declared = files[module.Path].Params;
                Assert.Empty(module.Params.Except(declared.Select(param => param.Name)));
                Assert.Empty(declared.Where(param => param.Required).Select(param => param.Name).Except(module.Params));
            }
        );
    }

    [Fact]
    public async Task Outputs_that_are_used_exist()
    {
        var files = await BicepFiles.All();

        Assert.All(
            files.Values,
            file =>
                Assert.All(
                    file.OutputReferences,
                    reference =>
                    {
                        var module = Assert.Single(file.Modules, module => module.Name == reference.Module);
                        Assert.Contains(reference.Output, files[module.Path].Outputs);
                    }
                )
        );
    }

    [Fact]
    public async Task Everything_that_is_declared_is_used()
    {
        var files = await BicepFiles.All();

        Assert.All(
            files,
            file =>
                Assert.Empty(file.Value.Params.Select(param => param.Name).Concat(file.Value.Variables.Keys).Except(file.Value.References))
        );
        var used = files.Values.SelectMany(file =>
            file.OutputReferences.Select(reference =>
                (file.Modules.Single(module => module.Name == reference.Module).Path, reference.Output)
            )
        );
        Assert.Empty(
            files
                .Where(file => file.Key != "main.bicep")
                .SelectMany(file => file.Value.Outputs.Select(output => (file.Key, output)))
                .Except(used)
        );
    }

    [Fact]
    public async Task Parameters_file_sets_what_the_template_takes()
    {
        using var file = JsonDocument.Parse(await BicepFiles.Text("main.parameters.json"));
        var set = file.RootElement.GetProperty("parameters").EnumerateObject().Select(param => param.Name).ToList();
        var declared = (await BicepFiles.Read("main.bicep")).Params;

        Assert.Empty(set.Except(declared.Select(param => param.Name)));
        Assert.Empty(declared.Where(param => param.Required).Select(param => param.Name).Except(set));
    }

    /// <summary>What has no default, azd asks for before it runs a hook, unless it sets it itself.</summary>
    [Fact]
    public async Task Azd_asks_for_nothing_but_what_it_knows_how_to_ask() =>
        Assert.Equal(
            ["environmentName", "location"],
            (await BicepFiles.Read("main.bicep")).Params.Where(param => param.Required).Select(param => param.Name)
        );

    [Fact]
    public async Task One_type_of_resource_has_one_version() =>
        Assert.All(
            (await BicepFiles.All())
                .Values.SelectMany(file => file.Resources)
                .Select(resource => resource.Type.Split('@'))
                .GroupBy(parts => parts[0]),
            versions => Assert.Single(versions.Select(parts => parts[1]).Distinct())
        );

    [Fact]
    public async Task Azd_finds_the_resource_group_and_the_app()
    {
        Assert.Contains("'azd-env-name': environmentName", await BicepFiles.Text("main.bicep"), StringComparison.Ordinal);
        var service = Assert
            .Single(Regex.Matches(await BicepFiles.Text("functionapp.bicep"), "'azd-service-name': '(.*)'"))
            .Groups[1]
            .Value;
        Assert.Matches(
            $@"(?m)^services:\n  {service}:\n    project: \./src/FunctionsApp\n    language: dotnet\n    host: function$",
            await File.ReadAllTextAsync(Repository.PathOf("azure.yaml"))
        );
    }

    [Fact]
    public async Task Queues_are_those_of_the_one_declaration()
    {
        Assert.Contains("servicebus.json", (await BicepFiles.Read("servicebus.bicep")).Loaded);
        using var declared = JsonDocument.Parse(await BicepFiles.Text("servicebus.json"));
        var keys = declared
            .RootElement.GetProperty("queues")
            .EnumerateArray()
            .SelectMany(queue => queue.EnumerateObject())
            .Select(one => one.Name)
            .Distinct()
            .ToList();
        var bicep = await BicepFiles.Text("servicebus.bicep");

        Assert.All(keys, key => Assert.Matches($@"(?m)^\s+{key}: queue\.\??{key}$", bicep));
    }

    [Fact]
    public async Task Tables_are_those_of_the_app() =>
        Assert.Equal(
            TableNames.All.Order(StringComparer.Ordinal),
            (await BicepFiles.Read("storage.bicep")).Variables["tables"].Order(StringComparer.Ordinal)
        );

    [Fact]
    public async Task Roles_are_the_right_ones()
    {
        var bicep = await BicepFiles.Text("roles.bicep");
        var declared = Regex
            .Matches(bicep, @"(?m)^  (\w+): '([0-9a-f-]{36})'$")
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value, StringComparer.Ordinal);

        Assert.Equal(s_roles, declared);
        Assert.All(
            declared.Keys,
            role => Assert.Contains($"'Microsoft.Authorization/roleDefinitions', roles.{role})", bicep, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Role_assignments_say_whom_they_are_for() =>
        Assert.All(
            await Resources("Microsoft.Authorization/roleAssignments"),
            assignment => Assert.Equal(["roleDefinitionId", "principalId", "principalType"], assignment.Properties)
        );

    /// <summary>An app that could write its own package would run whatever got into it once for good.</summary>
    [Fact]
    public async Task Package_is_written_by_another_identity_than_the_app_has()
    {
        var roles = await BicepFiles.Text("roles.bicep");
        var assignments = Regex
            .Matches(roles, @"(?s)scope: (\w+)\n.*?roles\.(\w+)\)\n    principalId: (\w+)\n")
            .Select(match => (Scope: match.Groups[1].Value, Role: match.Groups[2].Value, Principal: match.Groups[3].Value))
            .Where(assignment => assignment.Role.StartsWith("storage", StringComparison.Ordinal));

        Assert.Equal(
            [
                ("hostStorage", "storageBlobDataOwner", "appPrincipalId"),
                ("packageStorage", "storageBlobDataContributor", "packagePrincipalId"),
                ("storage", "storageTableDataContributor", "appPrincipalId"),
            ],
            assignments
        );
        var app = await BicepFiles.Text("functionapp.bicep");
        Assert.Matches(@"(?s)deployment: \{.*packageStorage\.properties.*userAssignedIdentityResourceId: packageIdentity\.id", app);
        Assert.Contains("AZURE_CLIENT_ID: identity.properties.clientId", app, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accesses_to_secrets_package_and_queues_are_logged()
    {
        var settings = await Resources("Microsoft.Insights/diagnosticSettings");
        Assert.All(settings, setting => Assert.Equal(["workspaceId", "logs"], setting.Properties));
        var bicep = await BicepFiles.Text("diagnostics.bicep");
        var logged = Regex
            .Matches(bicep, @"(?s)= \{\n  name: 'audit'\n  scope: ([\w:]+)\n.*?\n\}\n")
            .SelectMany(match =>
                Regex
                    .Matches(match.Value, "category: '(.*)'\n        enabled: true")
                    .Select(category => $"{match.Groups[1].Value} {category.Groups[1].Value}")
            );

        // Microsoft Learn, "Supported categories for Azure Monitor resource logs".
        Assert.Equal(
            [
                "keyVault AuditEvent",
                "packageStorage::blobs StorageRead",
                "packageStorage::blobs StorageWrite",
                "packageStorage::blobs StorageDelete",
                "serviceBus OperationalLogs",
                "serviceBus VNetAndIPFilteringLogs",
            ],
            logged
        );
    }

    [Theory]
    [InlineData("storage.bicep")]
    [InlineData("blobs.bicep")]
    [InlineData("servicebus.bicep")]
    public async Task Network_is_a_parameter(string file)
    {
        var parameters = (await BicepFiles.Read(file)).Params.Where(param => param.Required).Select(param => param.Name).ToList();

        Assert.Contains("publicNetworkAccess", parameters);
        Assert.Contains("networkAcls", parameters);
    }

    [Fact]
    public async Task Parameters_of_the_network_are_explained()
    {
        var docs = await File.ReadAllTextAsync(Repository.PathOf("docs", "deploying.md"));

        Assert.All(
            (string[])["PUBLIC_NETWORK_ACCESS", "VIRTUAL_NETWORK_SUBNET_ID", "allowedIpRanges", "clientIpRanges", "logTableOperations"],
            name => Assert.Contains($"`{name}`", docs, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Nothing_is_reached_by_a_key()
    {
        Assert.Contains("allowSharedKeyAccess: false", await BicepFiles.Text("storage.bicep"), StringComparison.Ordinal);
        Assert.Contains("allowSharedKeyAccess: false", await BicepFiles.Text("blobs.bicep"), StringComparison.Ordinal);
        Assert.Contains("disableLocalAuth: true", await BicepFiles.Text("servicebus.bicep"), StringComparison.Ordinal);
        Assert.Contains("DisableLocalAuth: true", await BicepFiles.Text("monitoring.bicep"), StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(await BicepFiles.Text("functionapp.bicep"), @"allow: false\n"));
        var all = string.Concat(await Task.WhenAll((await BicepFiles.All()).Keys.Select(BicepFiles.Text)));
        Assert.DoesNotMatch(@"listKeys|listSecrets|getSecret|AccountKey=|SharedAccessKey", all);
    }

    [Fact]
    public async Task Alerts_ask_for_metrics_that_the_app_has()
    {
        var asked = Regex
            .Matches(await BicepFiles.Text("alerts.bicep"), @"customMetrics \| where name == ""([^""]+)""")
            .Select(match => match.Groups[1].Value)
            .ToList();
        var existing = new List<string>();
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => existing.Add(instrument.Name) };
        _ = new AppMetrics(services.GetRequiredService<IMeterFactory>());
        listener.Start();

        Assert.Contains(AppMetrics.DeadLettersRecordedName, asked);
        Assert.All(asked, metric => Assert.Contains(metric, existing));
    }

    [Fact]
    public async Task Every_alert_is_explained()
    {
        var alerts = Regex
            .Matches(await BicepFiles.Text("alerts.bicep"), @"(?m)^    name: '([\w-]+)'$")
            .Select(match => match.Groups[1].Value)
            .ToList();
        var docs = await File.ReadAllTextAsync(Repository.PathOf("docs", "deploying.md"));

        Assert.NotEmpty(alerts);
        Assert.All(alerts, alert => Assert.Contains($"| `{alert}` |", docs, StringComparison.Ordinal));
    }

    private static async Task<IEnumerable<BicepResource>> Resources(string type)
    {
        var found = (await BicepFiles.All())
            .Values.SelectMany(file => file.Resources)
            .Where(resource => resource.Type.StartsWith($"{type}@", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(found);
        return found;
    }
}
