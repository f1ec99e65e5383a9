using System.Diagnostics;
using System.Runtime.Versioning;

namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>
/// <c>dotnet run</c> of the app for Azure, which is to start the Core Tools: here a script that says where and with what it was started.
/// </summary>
[UnsupportedOSPlatform("windows")]
public sealed class AzureRunTests : IDisposable
{
    private static readonly string s_output = Path.GetDirectoryName(FunctionsMetadataTests.File)!;
    private readonly DirectoryInfo _tools = Directory.CreateTempSubdirectory("func-");

    public AzureRunTests()
    {
        var func = Path.Combine(_tools.FullName, "func");
        File.WriteAllText(func, "#!/bin/sh\necho \"func in $PWD: $*\"\n");
        File.SetUnixFileMode(func, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    public void Dispose() => _tools.Delete(recursive: true);

    [Theory]
    [InlineData("", "--project", "src/FunctionsApp")]
    [InlineData("src/FunctionsApp")]
    public async Task Core_tools_start_in_the_output_folder(string folder, params string[] project)
    {
        var output = await RunAsync(folder, [.. project, "-p:ServiceBusExtension=StandIn", "--", "--port", "7072"]);

        Assert.Contains($"func in {s_output}: start --port 7072", output, StringComparison.Ordinal);
    }

    /// <summary>It would look for the output of the stand-in, though the build has made the other.</summary>
    [Fact]
    public async Task Extension_must_be_chosen() =>
        Assert.Contains("Add -p:ServiceBusExtension=Package", await RunAsync("src/FunctionsApp", []), StringComparison.Ordinal);

    private async Task<string> RunAsync(string folder, string[] arguments)
    {
        var configuration = Path.GetFileName(Path.GetDirectoryName(s_output)!);
        var start = new ProcessStartInfo("dotnet", ["run", "--no-build", "--configuration", configuration, .. arguments])
        {
            WorkingDirectory = Repository.PathOf(folder.Split('/')),
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{_tools.FullName}{Path.PathSeparator}{start.Environment["PATH"]}";
        start.Environment.Remove("ServiceBusExtension");
        using var process = Process.Start(start)!;
        var texts = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return string.Concat(texts);
    }
}
