using System.Text.Json;
using System.Text.RegularExpressions;
using EventSubscriptions.Storage;
using EventSubscriptions.Telemetry;
using EventSubscriptions.Tests.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>The template is consistent, and matches the app.</summary>
public sealed class BicepTests
{
    [Fact]
    public async Task Files_are_well_formed() =>
        Assert.All(
            await BicepFiles.All(),
            file => Assert.True(file.Value.Errors.Count == 0, $"{file.Key}: {string.Join("; ", file.Value.Errors)}")
        );

    [Fact]
    public async Task Every_module_file_is_used_and_every_used_module_exists()
    {
        var files = await BicepFiles.All();
        var used = files.Values.SelectMany(file => file.Modules).Select(module => module.Path).ToList();

        Assert.Equal(
            files.Keys.Where(name => name != "main.bicep").Order(StringComparer.Ordinal),
            used.Distinct().Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Modules_get_their_required_parameters_and_no_unknown_ones()
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
    public async Task Parameters_file_sets_required_parameters_and_no_unknown_ones()
    {
        using var file = JsonDocument.Parse(await BicepFiles.Text("main.parameters.json"));
        var set = file.RootElement.GetProperty("parameters").EnumerateObject().Select(param => param.Name).ToList();
        var declared = (await BicepFiles.Read("main.bicep")).Params;

        Assert.Empty(set.Except(declared.Select(param => param.Name)));
        Assert.Empty(declared.Where(param => param.Required).Select(param => param.Name).Except(set));
    }

    /// <summary>azd prompts for parameters without a default before it runs a hook, except those that it sets itself.</summary>
    [Fact]
    public async Task Required_parameters_are_those_that_azd_can_prompt_for() =>
        Assert.Equal(
            ["environmentName", "location"],
            (await BicepFiles.Read("main.bicep")).Params.Where(param => param.Required).Select(param => param.Name)
        );

    [Fact]
    public async Task Each_resource_type_has_one_version() =>
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
    public async Task Queues_are_those_of_the_json_file()
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
    public async Task Alerts_query_metrics_that_the_app_has()
    {
        var asked = Regex
            .Matches(await BicepFiles.Text("alerts.bicep"), @"customMetrics \| where name == ""([^""]+)""")
            .Select(match => match.Groups[1].Value)
            .ToList();
        using var metrics = MetricsRecorder.Start();
        var existing = metrics.Instruments.Select(instrument => instrument.Name).ToList();

        Assert.Contains(AppMetrics.DeadLettersRecordedName, asked);
        Assert.All(asked, metric => Assert.Contains(metric, existing));
    }

    [Fact]
    public async Task One_dead_letter_raises_an_alert()
    {
        var bicep = await BicepFiles.Text("alerts.bicep");

        Assert.Matches(
            @"name: 'dead-letters-recorded'\n.*\n.*dead_letters\.recorded.*\n    aggregation: 'Total'\n    threshold: 0\n",
            bicep
        );
        Assert.Matches(@"name: 'dead-letters-not-recorded'\n.*\n    metric: 'DeadletteredMessages'\n    threshold: 0\n", bicep);
        Assert.DoesNotContain("operator: 'LessThan", bicep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alerts_are_enabled_and_sent_to_the_operators()
    {
        var bicep = await BicepFiles.Text("alerts.bicep");
        var rules = Regex
            .Matches(bicep, @"(?s)\nresource \w+ '[^']*(?:scheduledQueryRules|metricAlerts)@.*?\n\}\]\n")
            .Select(match => match.Value)
            .ToList();

        Assert.Equal(2, rules.Count);
        Assert.All(rules, rule => Assert.Contains("    enabled: true\n", rule, StringComparison.Ordinal));
        Assert.All(rules, rule => Assert.Matches(@"(?s)empty\(email\) \? \[\] : \[\s*(?:\{\s*actionGroupId: )?actionGroup\.id", rule));
        Assert.DoesNotContain("!empty(email) ?", bicep, StringComparison.Ordinal);
    }

    /// <summary>Attempts wait on the queue for up to a day, and an expired message is lost.</summary>
    [Fact]
    public async Task Messages_do_not_expire()
    {
        var bicep = await BicepFiles.Text("servicebus.bicep");

        Assert.Contains("deadLetteringOnMessageExpiration: false", bicep, StringComparison.Ordinal);
        Assert.DoesNotContain("TimeToLive", bicep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_alert_is_documented()
    {
        var alerts = Regex
            .Matches(await BicepFiles.Text("alerts.bicep"), @"(?m)^    name: '([\w-]+)'$")
            .Select(match => match.Groups[1].Value)
            .ToList();
        var docs = await File.ReadAllTextAsync(Repository.PathOf("docs", "deploying.md"));

        Assert.NotEmpty(alerts);
        Assert.All(alerts, alert => Assert.Contains($"| `{alert}` |", docs, StringComparison.Ordinal));
    }
}
