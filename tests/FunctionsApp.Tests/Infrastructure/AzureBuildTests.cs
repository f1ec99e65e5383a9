using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>Which host a build is for, and what goes into it. The build itself needs packages that not every source serves: CI does it.</summary>
public sealed class AzureBuildTests
{
    [Theory]
    [InlineData("Local", "")]
    [InlineData("Azure", "-p:_IsPublishing=true")] // What the command `dotnet publish` sets, and so azd.
    [InlineData("Local", "-p:_IsPublishing=true -p:FunctionsHost=Local")]
    [InlineData("Azure", "-p:FunctionsHost=Azure")]
    [InlineData("Azure", "", "Azure")]
    [InlineData("Local", "-p:FunctionsHost=Local", "Azure")]
    public async Task Host_is_chosen_by_the_command_the_property_or_the_environment(string host, string arguments, string? environment = null)
    {
        using var evaluated = await Evaluate(
            $"-getProperty:FunctionsHost -getProperty:BaseIntermediateOutputPath -getProperty:BaseOutputPath {arguments}", environment);
        var properties = evaluated.RootElement.GetProperty("Properties");

        Assert.Equal(host, properties.GetProperty("FunctionsHost").GetString());
        Assert.Equal($"obj/{host}/", properties.GetProperty("BaseIntermediateOutputPath").GetString());
        Assert.Equal($"bin/{host}/", properties.GetProperty("BaseOutputPath").GetString());
    }

    [Fact]
    public void Settings_of_this_machine_are_in_the_output_and_never_published()
    {
        var settings = Assert.Single(Project().Descendants("None"), item => item.Attribute("Link")?.Value == "local.settings.json");

        Assert.Equal("PreserveNewest", settings.Attribute("CopyToOutputDirectory")?.Value);
        Assert.Equal("Never", settings.Attribute("CopyToPublishDirectory")?.Value);
    }

    [Fact]
    public void Host_json_is_in_the_output_and_published()
    {
        var file = Assert.Single(Project().Descendants("None"), item => item.Attribute("Link")?.Value == "host.json");

        Assert.Equal("PreserveNewest", file.Attribute("CopyToOutputDirectory")?.Value);
        Assert.Equal("PreserveNewest", file.Attribute("CopyToPublishDirectory")?.Value);
    }

    [Fact]
    public void Project_has_what_azd_would_write_into_it() => Assert.True(Guid.TryParse(Project().Descendants("UserSecretsId").Single().Value, out _));

    [Fact]
    public void Versions_of_packages_are_exact() =>
        Assert.All(XDocument.Load(Repository.PathOf("Directory.Packages.props")).Descendants("PackageVersion"), package =>
            Assert.Matches(@"^\[\d+(\.\d+)+\]$", package.Attribute("Version")!.Value));

    /// <summary>A central version holds for what packages bring along too: one that only tests use could be too old for the app's packages.</summary>
    [Fact]
    public async Task App_is_bound_by_no_version_that_only_tests_use()
    {
        using var evaluated = await Evaluate("-getItem:PackageVersion -getItem:PackageReference -p:FunctionsHost=Azure", environment: null);
        var items = evaluated.RootElement.GetProperty("Items");

        Assert.Empty(Names("PackageVersion").Except(Names("PackageReference")).Except(["Azure.Core"]));

        IEnumerable<string> Names(string item) => items.GetProperty(item).EnumerateArray().Select(one => one.GetProperty("Identity").GetString()!);
    }

    [Fact]
    public async Task Actions_are_pinned_by_commit_and_can_only_read()
    {
        var workflow = await File.ReadAllTextAsync(Repository.PathOf(".github", "workflows", "ci.yml"));
        var used = Regex.Matches(workflow, @"uses: (.*)").Select(match => match.Groups[1].Value).ToList();

        Assert.NotEmpty(used);
        Assert.All(used, action => Assert.Matches(@"^[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", action));
        Assert.Matches(@"(?m)^permissions:\n  contents: read\n\n", workflow);
    }

    private static XDocument Project() => XDocument.Load(Repository.PathOf("src", "FunctionsApp", "FunctionsApp.csproj"));

    private static async Task<JsonDocument> Evaluate(string arguments, string? environment)
    {
        var start = new ProcessStartInfo("dotnet", ["msbuild", .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
        {
            WorkingDirectory = Repository.PathOf("src", "FunctionsApp"),
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment.Remove("FunctionsHost");
        if (environment is not null)
        {
            start.Environment["FunctionsHost"] = environment;
        }

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return JsonDocument.Parse(output);
    }
}
