using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>How the app for Azure is built, and what goes into it.</summary>
public sealed class AzureBuildTests
{
    /// <summary>
    /// The app's own folder means Azure, whoever builds there (azd, <c>dotnet publish</c>, Core Tools), by its response file.
    /// </summary>
    [Theory]
    [InlineData("Package", "src/FunctionsApp", "")]
    [InlineData("Package", "", "src/FunctionsApp/FunctionsApp.csproj")]
    [InlineData("StandIn", "", "src/FunctionsApp/FunctionsApp.csproj -p:ServiceBusExtension=StandIn")]
    [InlineData("StandIn", "", "src/LocalHost/LocalHost.csproj")]
    [InlineData("StandIn", "", "src/EventSubscriptions/EventSubscriptions.csproj")]
    public async Task Extension_is_chosen_by_the_folder_or_the_property(string expected, string folder, string arguments)
    {
        using var evaluated = await Evaluate(
            $"-getProperty:ServiceBusExtension -getProperty:BaseIntermediateOutputPath {arguments}",
            folder.Split('/')
        );
        var properties = evaluated.RootElement.GetProperty("Properties");

        Assert.Equal(expected, properties.GetProperty("ServiceBusExtension").GetString());
        if (!arguments.Contains("LocalHost", StringComparison.Ordinal))
        {
            Assert.EndsWith($"obj/{expected}/", properties.GetProperty("BaseIntermediateOutputPath").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Local_settings_are_in_the_output_and_never_published()
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
    public void Project_has_what_azd_would_write_into_it() =>
        Assert.True(Guid.TryParse(Project().Descendants("UserSecretsId").Single().Value, out _));

    [Fact]
    public void Versions_of_packages_are_exact() =>
        Assert.All(
            XDocument.Load(Repository.PathOf("Directory.Packages.props")).Descendants("PackageVersion"),
            package => Assert.Matches(@"^\[\d+(\.\d+)+\]$", package.Attribute("Version")!.Value)
        );

    /// <summary>
    /// A central version holds for what packages bring along too: one that only tests use could be too old for the app's packages.
    /// </summary>
    [Fact]
    public async Task App_is_bound_by_no_version_that_only_tests_use()
    {
        using var evaluated = await Evaluate("-getItem:PackageVersion", "src", "FunctionsApp");
        var bound = evaluated
            .RootElement.GetProperty("Items")
            .GetProperty("PackageVersion")
            .EnumerateArray()
            .Select(one => one.GetProperty("Identity").GetString()!);
        var tests = Directory
            .EnumerateFiles(Repository.PathOf("tests"), "*.csproj", SearchOption.AllDirectories)
            .SelectMany(file => XDocument.Load(file).Descendants("PackageReference"))
            .Select(reference => reference.Attribute("Include")!.Value);

        Assert.Empty(bound.Intersect(tests));
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

    private static async Task<JsonDocument> Evaluate(string arguments, params string[] folder)
    {
        var start = new ProcessStartInfo("dotnet", ["msbuild", .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
        {
            WorkingDirectory = Repository.PathOf(folder),
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment.Remove("ServiceBusExtension");
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, output);
        return JsonDocument.Parse(output);
    }
}
