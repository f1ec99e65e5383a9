using System.Diagnostics;

namespace EventSubscriptions.Tests.Portal;

/// <summary>The portal's JavaScript, as TypeScript and Prettier judge it, and the format of the OpenAPI parts. Both are npm packages of <c>tests/tools/JavaScript</c>.</summary>
public sealed class PortalCodeTests
{
    private static readonly string s_tools = Repository.PathOf("tests", "tools", "JavaScript");

    [Fact]
    public Task Types_are_consistent() => CheckAsync("typescript/bin/tsc", "--project", ".", "--pretty", "false");

    [Fact]
    public Task Files_are_formatted() =>
        CheckAsync(
            "prettier/bin/prettier.cjs",
            "--check",
            "--config",
            ".prettierrc.json",
            "../../../src/EventSubscriptions/Portal/Files/**/*.js",
            "../../../src/EventSubscriptions/OpenApi/Parts/*.json",
            "portal.d.ts"
        );

    private static async Task CheckAsync(string program, params string[] arguments)
    {
        var path = Path.Combine(s_tools, "node_modules", program);
        Assert.True(File.Exists(path), "TypeScript and Prettier are not installed. Run ./test: it installs what the tests need.");

        using var process = Process.Start(
            new ProcessStartInfo("node", [path, .. arguments])
            {
                WorkingDirectory = s_tools,
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, $"{output}{await errors}");
    }
}
